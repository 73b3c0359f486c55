package lint

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/hivellm/nexus"

// floors orders the packages of the house; imports point down only, and packages of one floor do not import each
// other. A package's subfolders are its rooms and stand on its floor, unless they are listed themselves.
var floors = map[string]int{
	"cmd/nexus":    7,
	"api/rest":     6,
	"mcp":          6,
	"api":          5,
	"raft":         4,
	"graph/cypher": 3,
	"fsm":          3,
	"graph":        2,
	"graph/store":  1,
	"hivehub":      1,
	"graph/value":  0,
	"tenancy":      0,
}

// free packages stand outside the floors: tools and switches that carry no product code.
var free = []string{"scripts"}

// imports says which packages may import an outside package: a law, its prefix, and its owners.
var imports = []struct {
	law, prefix string
	owners      []string
}{
	{"LAW 3: only graph/store imports pebble", "github.com/cockroachdb/pebble", []string{"graph/store"}},
	{"LAW 3: only raft and fsm import hashicorp/raft", "github.com/hashicorp/raft", []string{"raft", "fsm"}},
	{"LAW 3: only raft imports raft-boltdb", "github.com/hashicorp/raft-boltdb", []string{"raft"}},
	{"LAW 3: only raft imports bbolt", "go.etcd.io/bbolt", []string{"raft"}},
	{"LAW 3: only raft imports memberlist", "github.com/hashicorp/memberlist", []string{"raft"}},
	{"LAW 3: only the doors import echo", "github.com/labstack/echo", []string{"api/rest", "mcp"}},
	{"LAW 3: only graph and fsm import graph/store", module + "/graph/store", []string{"graph", "fsm"}},
}

// forbidden says which house package may never name which other.
var forbidden = []struct{ law, from, to string }{
	{"LAW 1: graph/cypher never imports tenancy", "graph/cypher", "tenancy"},
	{"LAW 1: graph/cypher never imports fsm", "graph/cypher", "fsm"},
	{"LAW 1: graph/cypher never imports graph/store", "graph/cypher", "graph/store"},
	{"LAW 2: fsm never imports graph/cypher", "fsm", "graph/cypher"},
}

type listedPackage struct {
	ImportPath                         string
	Dir                                string
	GoFiles, IgnoredGoFiles            []string
	Imports, TestImports, XTestImports []string
}

func TestLaws_FloorsAndImports(t *testing.T) {
	packages := listPackages(t)
	if len(packages) < 20 {
		t.Fatalf("listed only %d packages: the laws were not checked", len(packages))
	}
	for _, p := range packages {
		from := strings.TrimPrefix(p.ImportPath, module+"/")
		for _, imported := range p.Imports {
			checkImport(t, from, imported)
		}
		for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
			if strings.HasPrefix(imported, "github.com/cockroachdb/pebble/v2/vfs") {
				continue
			}
			checkOwner(t, from, imported)
		}
	}
}

func TestLaws_CanFail(t *testing.T) {
	for _, c := range []struct{ from, imported string }{
		{"graph/cypher/exec", module + "/tenancy"},
		{"graph/cypher", module + "/graph/store"},
		{"fsm/registry", module + "/graph/cypher"},
		{"api/lane", "github.com/hashicorp/raft"},
		{"fsm", "go.etcd.io/bbolt"},
		{"api", "github.com/labstack/echo/v4"},
		{"graph/value", module + "/graph"},
		{"tenancy", module + "/graph/value"},
		{"api/rest", module + "/mcp"},
		{"api", module + "/graph/store"},
	} {
		if len(lawsBroken(c.from, c.imported)) == 0 {
			t.Errorf("%s importing %s breaks no law: the check cannot fail", c.from, c.imported)
		}
	}
}

func checkImport(t *testing.T, from, imported string) {
	t.Helper()
	for _, law := range lawsBroken(from, imported) {
		t.Errorf("%s (%s imports %s)", law, from, imported)
	}
}

func checkOwner(t *testing.T, from, imported string) {
	t.Helper()
	for _, law := range ownersBroken(from, imported) {
		t.Errorf("%s (a test of %s imports %s)", law, from, imported)
	}
}

func lawsBroken(from, imported string) []string {
	broken := ownersBroken(from, imported)
	to, own := strings.CutPrefix(imported, module+"/")
	if !own {
		return broken
	}
	for _, f := range forbidden {
		if within(from, f.from) && within(to, f.to) {
			broken = append(broken, f.law)
		}
	}
	return append(broken, floorBroken(from, to)...)
}

func ownersBroken(from, imported string) []string {
	if slices.ContainsFunc(free, func(f string) bool { return within(from, f) }) {
		return nil
	}
	var broken []string
	for _, rule := range imports {
		if !withinImport(imported, rule.prefix) || within(from, strings.TrimPrefix(rule.prefix, module+"/")) {
			continue
		}
		if !slices.ContainsFunc(rule.owners, func(o string) bool { return owns(from, o) }) {
			broken = append(broken, rule.law)
		}
	}
	return broken
}

func floorBroken(from, to string) []string {
	if slices.ContainsFunc(free, func(f string) bool { return within(from, f) || within(to, f) }) {
		return nil
	}
	fromHouse, fromFloor := house(from)
	toHouse, toFloor := house(to)
	switch {
	case fromHouse == "" || toHouse == "":
		return []string{"floors: a package that stands on no floor: " + from + " → " + to}
	case fromHouse == toHouse:
		return nil
	case toFloor >= fromFloor:
		return []string{"floors: imports point down only"}
	}
	return nil
}

// owns tells whether package from belongs to owner o itself, not to a package of another floor below its folder.
func owns(from, o string) bool {
	h, _ := house(from)
	return h == o
}

// house returns the listed package that path belongs to, and its floor.
func house(path string) (string, int) {
	best := ""
	for name := range floors {
		if within(path, name) && len(name) > len(best) {
			best = name
		}
	}
	return best, floors[best]
}

func within(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}

func withinImport(path, prefix string) bool {
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

func listPackages(t *testing.T) []listedPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,IgnoredGoFiles,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = root(t)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var packages []listedPackage
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listedPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
