package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hivellm/nexus/cmd/nexus/output"
	"github.com/hivellm/nexus/cmd/nexus/provision"
	"github.com/hivellm/nexus/hivehub/devhub"
	"github.com/hivellm/nexus/tenancy"
)

const (
	// defaultHubAddress is where HiveHub's own SDK looks for a hub.
	defaultHubAddress = "127.0.0.1:12000"
	// serviceKeyName is the file of the service key in the hub's folder, unless a flag names another.
	serviceKeyName = "service.key"
)

// hubOptions are the flags of "nexus hub".
type hubOptions struct {
	dir, listen, keyFile, secretFile string
	push                             []string
	stopWithInput                    bool
}

func (p *program) hubCommand() *cobra.Command {
	var o hubOptions
	command := &cobra.Command{
		Use:   "hub --data DIR",
		Short: "Run a development HiveHub: users, plans, keys, quotas and usage over one file",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx := c.Context()
			if o.stopWithInput {
				ended, cancel := endOf(ctx, p.in)
				defer cancel()
				ctx = ended
			}
			return p.hub(ctx, o)
		},
	}
	flags := command.Flags()
	flags.StringVar(&o.dir, "data", "", "folder of the hub's file; made when it is not there")
	flags.StringVar(&o.listen, "listen", defaultHubAddress, "host:port to serve on")
	flags.StringVar(&o.keyFile, "service-key-file", "", "file with the key that nexus must show (default: "+serviceKeyName+" in the folder, made when it is not there)")
	flags.StringSliceVar(&o.push, "push", nil, "nodes to push events to, such as http://127.0.0.1:15474")
	flags.StringVar(&o.secretFile, "events-secret-file", "", "file with the secret that signs pushed events")
	flags.BoolVar(&o.stopWithInput, "stop-with-input", false, "stop when standard input ends")
	_ = flags.MarkHidden("stop-with-input")
	return command
}

// hub runs a development hub until the context ends.
func (p *program) hub(ctx context.Context, o hubOptions) (err error) {
	if o.dir == "" {
		return usage("--data is needed")
	}
	if (len(o.push) > 0) != (o.secretFile != "") {
		return usage("--push and --events-secret-file go together: pushed events are signed")
	}
	options := devhub.Options{Dir: o.dir, Push: o.push, Logger: slog.New(slog.NewTextHandler(p.notes, nil))}
	if options.ServiceKey, o.keyFile, err = serviceKey(o.dir, o.keyFile); err != nil {
		return err
	}
	if o.secretFile != "" {
		if options.EventsSecret, err = provision.ReadKey(o.secretFile); err != nil {
			return usage("%s", err)
		}
	}
	hub, err := devhub.Open(options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, hub.Close()) }()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", o.listen, err)
	}
	if err := p.describeHub(listener.Addr().String(), o); err != nil {
		return errors.Join(err, listener.Close())
	}
	return hub.Serve(ctx, listener)
}

// describeHub prints what is served, and where its key is.
func (p *program) describeHub(address string, o hubOptions) error {
	if host, _, err := net.SplitHostPort(address); err == nil && !net.ParseIP(host).IsLoopback() {
		p.printer().Note("this development hub speaks HTTP without TLS, and others than this machine can reach it at %s", address)
	}
	text, err := json.Marshal(struct {
		URL            string   `json:"url"`
		Data           string   `json:"data"`
		ServiceKeyFile string   `json:"service_key_file"`
		Push           []string `json:"push"`
		Routes         []string `json:"routes"`
	}{"http://" + address, o.dir, o.keyFile, append([]string{}, o.push...), devhub.Routes()})
	if err != nil {
		return err
	}
	return p.printer().Data(text, func() (output.Table, error) {
		table := output.Table{Columns: []string{"method", "url"}}
		for _, route := range devhub.Routes() {
			method, path, _ := strings.Cut(route, " ")
			table.Rows = append(table.Rows, []string{method, "http://" + address + path})
		}
		p.printer().Note("the service key is in %s; Ctrl-C stops the hub", o.keyFile)
		return table, nil
	})
}

// serviceKey reads the service key. Without a file named, the folder's own is made when it is not there.
func serviceKey(dir, file string) (tenancy.Secret, string, error) {
	if file != "" {
		key, err := provision.ReadKey(file)
		if err != nil {
			return key, file, usage("%s", err)
		}
		return key, file, nil
	}
	file = filepath.Join(dir, serviceKeyName)
	if key, err := provision.ReadKey(file); !errors.Is(err, fs.ErrNotExist) {
		return key, file, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return tenancy.Secret{}, file, fmt.Errorf("make the hub's folder: %w", err)
	}
	text := newServiceKey("hsk_")
	if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
		return tenancy.Secret{}, file, fmt.Errorf("write the service key: %w", err)
	}
	return tenancy.NewSecret(text), file, nil
}

// newServiceKey makes a secret that a person can tell by its beginning.
func newServiceKey(beginning string) string {
	var random [32]byte
	_, _ = rand.Read(random[:]) // it never fails
	return beginning + hex.EncodeToString(random[:])
}
