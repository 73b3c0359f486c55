package bookmark

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/hivellm/nexus/tenancy"
)

// TestSealer_OpensGoldenTexts: what an earlier version sealed is opened for ever. Lines: tenant epoch index text.
func TestSealer_OpensGoldenTexts(t *testing.T) {
	file, err := os.Open("testdata/golden.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s, lines := sealer(t, "golden secret", "0b0e7a52-4d0e-4d0b-9f5e-000000000001"), 0
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		if strings.HasPrefix(scanner.Text(), "#") {
			continue
		}
		var (
			tenant uint64
			want   Position
			text   string
		)
		if _, err := fmt.Sscan(scanner.Text(), &tenant, &want.Epoch, &want.Index, &text); err != nil {
			t.Fatal(err)
		}
		got, err := s.Open(tenancy.IDFromNumber(tenant), text)
		if err != nil || got != want {
			t.Errorf("%s: got %v, %v; want %v", text, got, err, want)
		}
		lines++
	}
	if lines == 0 {
		t.Fatal("no golden texts")
	}
}
