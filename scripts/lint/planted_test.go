package lint

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hivellm/nexus/scripts/planted"
)

// TestPlanted_DefaultBuildHasNone proves that only scripts/planted carries the build tag and that, without it, no bug
// can be switched on.
func TestPlanted_DefaultBuildHasNone(t *testing.T) {
	if !planted.Built {
		t.Setenv("NEXUS_PLANT", "base-check-skipped")
		if planted.On("base-check-skipped") {
			t.Error("a planted bug is on in the default build")
		}
	}
	for _, p := range listPackages(t) {
		for _, name := range append(p.GoFiles, p.IgnoredGoFiles...) {
			path := filepath.Join(p.Dir, name)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			header, _, _ := strings.Cut(string(text), "\npackage ")
			if strings.Contains(header, "planted") && strings.Contains(header, "//go:build") && !strings.HasSuffix(p.ImportPath, "scripts/planted") && !strings.HasSuffix(name, "_test.go") {
				t.Errorf("%s carries the build tag planted: only scripts/planted may", path)
			}
		}
	}
}
