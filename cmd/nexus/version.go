package main

import (
	"encoding/json"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/hivellm/nexus/cmd/nexus/output"
)

// version is what nodes tell each other and clients.
const version = "0.1.0"

// revision is the commit the binary was built from, "" when the build did not say.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return setting.Value
		}
	}
	return ""
}

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Tell the version of this binary",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			text, err := json.Marshal(struct {
				Version  string `json:"version"`
				Revision string `json:"revision,omitempty"`
				Go       string `json:"go"`
				Platform string `json:"platform"`
			}{version, revision(), runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH})
			if err != nil {
				return err
			}
			return p.printer().Data(text, func() (output.Table, error) {
				return output.Table{Columns: []string{"version", "revision", "go", "platform"},
					Rows: [][]string{{version, revision(), runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}}}, nil
			})
		},
	}
}
