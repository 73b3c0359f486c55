package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/cmd/nexus/client"
	"github.com/hivellm/nexus/cmd/nexus/config"
	"github.com/hivellm/nexus/cmd/nexus/output"
	"github.com/hivellm/nexus/cmd/nexus/provision"
	"github.com/hivellm/nexus/tenancy"
)

// defaultAddress is where the first node of "nexus dev" listens.
const defaultAddress = "127.0.0.1:15474"

// clientPatience is how long a command tries again what all nodes refuse for now, such as while a leader is elected.
const clientPatience = 10 * time.Second

// Variables of the environment that clients read.
const (
	environmentAddress = "NEXUS_ADDR"
	environmentKey     = "NEXUS_API_KEY"
)

// program is one run of the command line: its streams and what the flags of all commands said.
type program struct {
	in         io.Reader
	out, notes io.Writer
	format     string
	addresses  []string
	keyFile    string
	caFile     string
	began      bool // a command's own work began: what fails before is the usage
}

// usageError is a fault of the command line itself.
type usageError struct{ what string }

// Error implements error.
func (e *usageError) Error() string { return e.what }

func usage(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// run runs one command line and returns its exit code.
func run(ctx context.Context, arguments []string, in io.Reader, out, notes io.Writer) int {
	p := &program{in: in, out: out, notes: notes}
	root := p.root()
	root.SetArgs(arguments)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(notes)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return api.ExitOK
	}
	p.tell(err)
	return p.exitOf(err)
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "nexus",
		Short:         "A replicated property-graph database for many tenants",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return c.Help()
		},
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if p.format != "" {
				if err := output.CheckFormat(p.format); err != nil {
					return usage("%s", err)
				}
			}
			p.began = true
			return nil
		},
	}
	flags := root.PersistentFlags()
	flags.StringVarP(&p.format, "output", "o", "", "print data as table, json or yaml (default: table on a terminal, else json)")
	flags.StringSliceVar(&p.addresses, "addr", nil, "nodes to ask, tried in turn (default: $"+environmentAddress+" or "+defaultAddress+")")
	flags.StringVar(&p.keyFile, "key-file", "", "file that holds the key (default: the key in $"+environmentKey+")")
	flags.StringVar(&p.caFile, "ca-file", "", "authority of the nodes' HTTP certificates (default: the machine's)")
	root.AddCommand(p.serveCommand(), p.devCommand(), p.queryCommand(), p.shellCommand(), p.mcpCommand(), p.clusterCommand(),
		p.tenantCommand(), p.keyCommand(), p.migrateCommand(), p.auditCommand(), p.hubCommand(), p.versionCommand())
	return root
}

// tell writes an error to the notes: what happened, where in the query, and what may help.
func (p *program) tell(err error) {
	fmt.Fprintf(p.notes, "nexus: %v\n", err)
	var problem *client.Problem
	if errors.As(err, &problem) {
		if problem.Hint != "" {
			fmt.Fprintf(p.notes, "  hint: %s\n", problem.Hint)
		}
		if problem.Code == api.CodeInternal && problem.Instance != "" {
			fmt.Fprintf(p.notes, "  request: %s\n", strings.TrimPrefix(problem.Instance, "urn:nexus:request:"))
		}
	}
	if !p.began {
		fmt.Fprintln(p.notes, "  try: nexus --help")
	}
}

// exitOf chooses the exit code of an error.
func (p *program) exitOf(err error) int {
	var (
		wrong       *usageError
		settings    *config.Error
		problem     *client.Problem
		unreachable *client.Unreachable
		interrupted *client.Interrupted
		partly      *partlyDone
	)
	switch {
	case !p.began, errors.As(err, &wrong), errors.As(err, &settings):
		return api.ExitUsage
	case errors.As(err, &partly):
		return api.ExitPartlyDone
	case errors.As(err, &problem):
		return problem.Exit()
	case errors.As(err, &unreachable):
		return api.ExitUnavailable
	case errors.As(err, &interrupted):
		return api.CodeUnknownOutcome.Traits().Exit
	}
	return api.ExitFailure
}

// partlyDone says that some of a command's work was done and some was not.
type partlyDone struct{ what string }

// Error implements error.
func (e *partlyDone) Error() string { return e.what }

// printer is where and how the command's data is printed.
func (p *program) printer() *output.Printer {
	terminal := isTerminal(p.out)
	format := p.format
	if format == "" {
		format = output.FormatJSON
		if terminal {
			format = output.FormatTable
		}
	}
	return &output.Printer{Out: p.out, Notes: p.notes, Format: format, Color: terminal && os.Getenv("NO_COLOR") == ""}
}

func isTerminal(w any) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// client makes the client of what flags and environment say.
func (p *program) client() (*client.Client, error) {
	addresses := p.addresses
	if len(addresses) == 0 {
		for address := range strings.SplitSeq(os.Getenv(environmentAddress), ",") {
			if address = strings.TrimSpace(address); address != "" {
				addresses = append(addresses, address)
			}
		}
	}
	if len(addresses) == 0 {
		addresses = []string{defaultAddress}
	}
	key := tenancy.NewSecret(strings.TrimSpace(os.Getenv(environmentKey)))
	if p.keyFile != "" {
		var err error
		if key, err = provision.ReadKey(p.keyFile); err != nil {
			return nil, usage("%s", err)
		}
	}
	made, err := client.New(client.Options{Addresses: addresses, Key: key, CAFile: p.caFile, Patience: clientPatience})
	if err != nil {
		return nil, usage("%s", err)
	}
	return made, nil
}
