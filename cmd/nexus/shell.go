package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/cmd/nexus/client"
)

func (p *program) shellCommand() *cobra.Command {
	var database string
	command := &cobra.Command{
		Use:   "shell",
		Short: "Type Cypher line by line; a query ends with a semicolon",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cluster, err := p.client()
			if err != nil {
				return err
			}
			s := &shell{program: p, cluster: cluster, database: database, prompt: isTerminal(p.in) && isTerminal(p.out)}
			return s.run(c.Context())
		},
	}
	command.Flags().StringVar(&database, "database", "", "database (default: default)")
	return command
}

// shell is one session.
type shell struct {
	program  *program
	cluster  *client.Client
	database string
	prompt   bool
	failed   int
	ran      int
}

const shellHelp = `Cypher ends with a semicolon.
  :database NAME   go on in another database
  :help            this text
  :quit            leave (so does Ctrl-D)`

// run reads until the end of the input. Without a terminal, a failed query makes the whole session fail.
func (s *shell) run(ctx context.Context) error {
	lines := bufio.NewScanner(s.program.in)
	lines.Buffer(make([]byte, 0, 64<<10), maxQueryBytes)
	var query strings.Builder
	if s.prompt {
		fmt.Fprintln(s.program.notes, "nexus "+version+"; :help tells more")
		// A read of a terminal cannot be interrupted: Ctrl-C leaves at once.
		defer context.AfterFunc(ctx, func() { os.Exit(api.ExitFailure) })()
	}
	for s.show(query.Len() > 0); lines.Scan(); s.show(query.Len() > 0) {
		line := lines.Text()
		if query.Len() == 0 && strings.HasPrefix(strings.TrimSpace(line), ":") {
			if s.meta(strings.Fields(line)) {
				break
			}
			continue
		}
		if query.Len()+len(line) > maxQueryBytes {
			return fmt.Errorf("a query longer than %d bytes", maxQueryBytes)
		}
		query.WriteString(line + "\n")
		if strings.HasSuffix(strings.TrimSpace(line), ";") {
			s.ask(ctx, query.String())
			query.Reset()
		}
		if ctx.Err() != nil {
			break
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read a line: %w", err)
	}
	if strings.TrimSpace(query.String()) != "" && ctx.Err() == nil {
		s.ask(ctx, query.String())
	}
	return s.outcome()
}

func (s *shell) outcome() error {
	switch {
	case s.prompt || s.failed == 0:
		return nil
	case s.failed < s.ran:
		return &partlyDone{fmt.Sprintf("%d of %d queries failed", s.failed, s.ran)}
	}
	return fmt.Errorf("%d of %d queries failed", s.failed, s.ran)
}

// show prints the prompt.
func (s *shell) show(within bool) {
	switch {
	case !s.prompt:
	case within:
		fmt.Fprint(s.program.notes, "  ... ")
	default:
		fmt.Fprint(s.program.notes, "nexus> ")
	}
}

// meta runs a line that begins with a colon; true = leave.
func (s *shell) meta(words []string) (leave bool) {
	switch {
	case words[0] == ":quit" || words[0] == ":exit":
		return true
	case words[0] == ":help":
		fmt.Fprintln(s.program.notes, shellHelp)
	case words[0] == ":database" && len(words) == 2:
		s.database = words[1]
	default:
		s.failed++
		s.ran++
		fmt.Fprintf(s.program.notes, "nexus: there is no %s here; :help tells more\n", strings.Join(words, " "))
	}
	return false
}

func (s *shell) ask(ctx context.Context, text string) {
	s.ran++
	text = strings.TrimSuffix(strings.TrimSpace(text), ";")
	if strings.TrimSpace(text) == "" {
		s.ran--
		return
	}
	if err := s.program.ask(ctx, s.cluster, question{Query: text, Database: s.database}); err != nil {
		s.failed++
		s.program.tell(err)
	}
}
