package main

import (
	"net/http"
	"net/url"

	"github.com/spf13/cobra"
)

// tenantColumns are shown of a tenant in tables.
var tenantColumns = []string{"id", "name", "status", "plan", "user_id", "created_at"}

func (p *program) tenantCommand() *cobra.Command {
	command := &cobra.Command{Use: "tenant", Short: "Make, list and stop tenants (operator key)", Args: cobra.NoArgs, RunE: needsVerb}
	command.AddCommand(
		&cobra.Command{
			Use: "ls", Short: "List the tenants", Args: cobra.NoArgs,
			RunE: func(c *cobra.Command, _ []string) error {
				return p.list(c.Context(), "/admin/tenants", "tenants", tenantColumns)
			},
		},
		p.tenantCreateCommand(),
		p.tenantVerb("show TENANT", "Show one tenant", http.MethodGet, ""),
		p.tenantVerb("suspend TENANT", "Refuse everything a tenant asks for, until resumed", http.MethodPost, "/suspend"),
		p.tenantVerb("resume TENANT", "Let a suspended tenant work again", http.MethodPost, "/resume"),
		p.tenantUsageCommand(),
		p.tenantDeleteCommand(),
	)
	return command
}

func (p *program) tenantCreateCommand() *cobra.Command {
	var plan, user string
	command := &cobra.Command{
		Use: "create NAME", Short: "Make a tenant", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, arguments []string) error {
			body := map[string]any{"name": arguments[0]}
			if plan != "" {
				body["plan"] = plan
			}
			if user != "" {
				body["user_id"] = user
			}
			return p.one(c.Context(), http.MethodPost, "/admin/tenants", body, tenantColumns)
		},
	}
	command.Flags().StringVar(&plan, "plan", "", "plan that gives the limits (default: unlimited)")
	command.Flags().StringVar(&user, "user-id", "", "the hub's name of the tenant (default: none, a local tenant)")
	return command
}

func (p *program) tenantVerb(use, short, method, verb string) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, arguments []string) error {
			return p.one(c.Context(), method, "/admin/tenants/"+url.PathEscape(arguments[0])+verb, nil, tenantColumns)
		},
	}
}

// usageColumns are shown of a period in tables.
var usageColumns = []string{"period", "requests", "reads", "writes", "rows_out", "bytes_in", "bytes_out", "compute_ms", "storage_peak_bytes", "storage_mean_bytes"}

func (p *program) tenantUsageCommand() *cobra.Command {
	return &cobra.Command{
		Use: "usage TENANT", Short: "Show what a tenant used, by period (-o json: its limits too)", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, arguments []string) error {
			return p.list(c.Context(), "/admin/tenants/"+url.PathEscape(arguments[0])+"/usage", "periods", usageColumns)
		},
	}
}

func (p *program) tenantDeleteCommand() *cobra.Command {
	var sure bool
	command := &cobra.Command{
		Use: "delete TENANT --yes", Short: "Refuse a tenant for good and drop all it holds", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, arguments []string) error {
			if !sure {
				return usage("all that tenant %s holds would be gone: say --yes", arguments[0])
			}
			if _, err := p.fetch(c.Context(), http.MethodDelete, "/admin/tenants/"+url.PathEscape(arguments[0]), nil); err != nil {
				return err
			}
			p.printer().Note("tenant %s is deleted", arguments[0])
			return nil
		},
	}
	command.Flags().BoolVar(&sure, "yes", false, "yes, drop it")
	return command
}
