package tck

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	gherkin "github.com/cucumber/gherkin/go/v26"
	messages "github.com/cucumber/messages/go/v21"
)

// scenario is one scenario, outlines expanded.
type scenario struct {
	name     string // unique: folder, file, title, and #number of the example
	category string // the first two folders: "clauses/match"
	steps    []step
}

// step is one line of a scenario with its argument.
type step struct {
	text string
	doc  string
	rows [][]string
}

// kitFolder finds the kit beside the repository; without it the test is skipped.
func kitFolder(t testing.TB) string {
	t.Helper()
	shared := os.Getenv("NEXUS_SHARED")
	if shared == "" {
		shared = filepath.Join(repositoryRoot(t), "..", "shared")
	}
	folder := filepath.Join(shared, "tck")
	if _, err := os.Stat(filepath.Join(folder, "features")); err != nil {
		t.Skipf("SKIPPED: no openCypher TCK at %s. Take tck/features and tck/graphs of github.com/opencypher/openCypher "+
			"at commit 677cbafabb8c3c5eed458fd3b1ec0daec8d67d23 and let NEXUS_SHARED name the folder that holds tck.", folder)
	}
	return folder
}

func repositoryRoot(t testing.TB) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			t.Fatal("no go.mod above the test")
		}
		folder = parent
	}
}

// loadKit reads every feature file in order of its path.
func loadKit(t testing.TB, folder string) []scenario {
	t.Helper()
	var all []scenario
	root := filepath.Join(folder, "features")
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".feature") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		found, err := parseFeature(filepath.ToSlash(relative), string(text))
		all = append(all, found...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// parseFeature turns a feature file into scenarios. path is relative to the folder of features, with slashes.
func parseFeature(path, text string) ([]scenario, error) {
	ids := 0
	newID := func() string { ids++; return strconv.Itoa(ids) }
	document, err := gherkin.ParseGherkinDocument(strings.NewReader(text), newID)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	titles := outlineTitles(document)
	examples := map[string]int{}
	var all []scenario
	for _, pickle := range gherkin.Pickles(*document, path, newID) {
		one := scenario{name: strings.TrimSuffix(path, ".feature") + "/" + pickle.Name, category: category(path)}
		source := pickle.AstNodeIds[0]
		if title, outlined := titles[source]; outlined {
			examples[source]++
			one.name = fmt.Sprintf("%s/%s #%d", strings.TrimSuffix(path, ".feature"), title, examples[source])
		}
		for _, s := range pickle.Steps {
			one.steps = append(one.steps, convertStep(s))
		}
		all = append(all, one)
	}
	return all, nil
}

// outlineTitles maps the ids of scenario outlines to their titles with the placeholders still in them.
func outlineTitles(document *messages.GherkinDocument) map[string]string {
	titles := map[string]string{}
	for _, child := range document.Feature.Children {
		if child.Scenario != nil && len(child.Scenario.Examples) > 0 {
			titles[child.Scenario.Id] = child.Scenario.Name
		}
	}
	return titles
}

func category(path string) string {
	parts := strings.Split(path, "/")
	return strings.Join(parts[:min(2, len(parts)-1)], "/")
}

func convertStep(s *messages.PickleStep) step {
	converted := step{text: strings.TrimSpace(s.Text)}
	if s.Argument == nil {
		return converted
	}
	if s.Argument.DocString != nil {
		converted.doc = s.Argument.DocString.Content
	}
	if s.Argument.DataTable != nil {
		for _, row := range s.Argument.DataTable.Rows {
			cells := make([]string, len(row.Cells))
			for i, cell := range row.Cells {
				cells[i] = cell.Value
			}
			converted.rows = append(converted.rows, cells)
		}
	}
	return converted
}
