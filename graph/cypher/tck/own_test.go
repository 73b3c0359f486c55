package tck

import (
	"os"
	"testing"
)

// TestOwn runs scenarios of our own, in the kit's manner, for what the kit does not ask about.
func TestOwn(t *testing.T) {
	text, err := os.ReadFile("testdata/own.feature")
	if err != nil {
		t.Fatal(err)
	}
	scenarios, err := parseFeature("own/Own.feature", string(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			if end := judge(realEngine{}, nil, s); end.verdict != won {
				t.Errorf("%s\n%s", end.reason, queries(s))
			}
		})
	}
}
