package main

import (
	"net/http"
	"net/url"

	"github.com/spf13/cobra"
)

// keyColumns are shown of a key in tables.
var keyColumns = []string{"key_id", "name", "role", "tenant_id", "allowed_functions", "created_at", "expires_at", "revoked_at"}

func (p *program) keyCommand() *cobra.Command {
	command := &cobra.Command{Use: "key", Short: "Make, list and end keys (operator key)", Args: cobra.NoArgs, RunE: needsVerb}
	command.AddCommand(
		&cobra.Command{
			Use: "ls", Short: "List the keys, without secrets", Args: cobra.NoArgs,
			RunE: func(c *cobra.Command, _ []string) error {
				return p.list(c.Context(), "/admin/keys", "keys", keyColumns)
			},
		},
		p.keyCreateCommand(),
		&cobra.Command{
			Use: "revoke KEY_ID", Short: "End a key", Args: cobra.ExactArgs(1),
			RunE: func(c *cobra.Command, arguments []string) error {
				return p.one(c.Context(), http.MethodPost, "/admin/keys/"+url.PathEscape(arguments[0])+"/revoke", nil, keyColumns)
			},
		},
		p.keyRotateCommand(),
	)
	return command
}

// newKeyColumns show a new key, once.
var newKeyColumns = []string{"key_id", "name", "role", "tenant_id", "key"}

func (p *program) keyCreateCommand() *cobra.Command {
	var name, tenant, expires string
	var operator bool
	var allow []string
	command := &cobra.Command{
		Use: "create --name NAME (--tenant ID | --operator)", Short: "Make a key; its text is shown this once", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			body := map[string]any{"name": name}
			switch {
			case name == "":
				return usage("--name is needed")
			case operator == (tenant != ""):
				return usage("either --tenant ID or --operator is needed")
			case operator:
				body["role"] = "operator"
			default:
				body["tenant_id"] = tenant
			}
			if c.Flags().Changed("allow") {
				body["allowed_functions"] = append([]string{}, allow...) // none is an empty list, never absent
			}
			if expires != "" {
				body["expires_at"] = expires
			}
			return p.one(c.Context(), http.MethodPost, "/admin/keys", body, newKeyColumns)
		},
	}
	flags := command.Flags()
	flags.StringVar(&name, "name", "", "name of the key for people")
	flags.StringVar(&tenant, "tenant", "", "tenant the key belongs to, by id")
	flags.BoolVar(&operator, "operator", false, "make an operator's key")
	flags.StringSliceVar(&allow, "allow", nil, "functions the key may use (default: all of its role)")
	flags.StringVar(&expires, "expires", "", "when the key ends, such as 2027-01-31T12:00:00Z (default: never)")
	return command
}

func (p *program) keyRotateCommand() *cobra.Command {
	var grace int64
	command := &cobra.Command{
		Use: "rotate KEY_ID", Short: "Make a new key in place of one that lives on for a grace", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, arguments []string) error {
			return p.one(c.Context(), http.MethodPost, "/admin/keys/"+url.PathEscape(arguments[0])+"/rotate",
				map[string]any{"grace_seconds": grace}, newKeyColumns)
		},
	}
	command.Flags().Int64Var(&grace, "grace-seconds", 0, "how long the old key lives on")
	return command
}
