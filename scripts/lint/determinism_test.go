package lint

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// deterministic lists the packages under LAW 4: what apply decides or writes depends on the command and the store
// alone.
var deterministic = []string{"fsm", "graph", "graph/store", "graph/value", "tenancy", "tenancy/ledger"}

// exceptions to LAW 4: package, what is used there, in which function ("" = any), and why that is harmless.
var exceptions = []struct{ pkg, what, function, reason string }{}

// clockNames are the parts of package time that read the host's clock or zones.
var clockNames = []string{"Now", "Since", "Until", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Sleep", "Local", "LoadLocation"}

// TestLaw4_ApplyIsDeterministic finds the host's clock, zones, randomness and files, goroutines, and loops over maps
// in the packages that decide what apply writes.
func TestLaw4_ApplyIsDeterministic(t *testing.T) {
	findings := law4Findings(t)
	used := make([]bool, len(exceptions))
	for _, f := range findings {
		i := slices.IndexFunc(exceptions, func(e struct{ pkg, what, function, reason string }) bool {
			return e.pkg == f.pkg && e.what == f.what && (e.function == "" || e.function == f.function)
		})
		if i < 0 {
			t.Errorf("LAW 4: %s uses %s in %s at %s", f.pkg, f.what, f.function, f.at)
			continue
		}
		used[i] = true
	}
	for i, e := range exceptions {
		if !used[i] {
			t.Errorf("LAW 4: the exception %s %s %s is no longer needed: remove it", e.pkg, e.what, e.function)
		}
	}
}

type finding struct{ pkg, what, function, at string }

func law4Findings(t *testing.T) []finding {
	t.Helper()
	config := &packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports,
		Dir:  root(t),
	}
	patterns := make([]string, len(deterministic))
	for i, d := range deterministic {
		patterns[i] = "./" + d
		if d == "fsm" {
			patterns[i] = "./fsm/..."
		}
	}
	loaded, err := packages.Load(config, patterns...)
	if err != nil {
		t.Fatal(err)
	}
	var all []finding
	for _, p := range loaded {
		for _, e := range p.Errors {
			t.Fatalf("load %s: %v", p.PkgPath, e)
		}
		all = append(all, packageFindings(p)...)
	}
	return all
}

func packageFindings(p *packages.Package) []finding {
	name := strings.TrimPrefix(p.PkgPath, module+"/")
	var found []finding
	for _, file := range p.Syntax {
		for _, declaration := range file.Decls {
			function := functionName(declaration)
			ast.Inspect(declaration, func(n ast.Node) bool {
				if what := forbiddenUse(p.TypesInfo, n); what != "" {
					found = append(found, finding{name, what, function, position(p.Fset, n)})
				}
				return true
			})
		}
	}
	return found
}

func forbiddenUse(info *types.Info, n ast.Node) string {
	switch n := n.(type) {
	case *ast.GoStmt:
		return "go statement"
	case *ast.RangeStmt:
		if tv, ok := info.Types[n.X]; ok {
			if _, isMap := tv.Type.Underlying().(*types.Map); isMap {
				return "range over a map"
			}
		}
	case *ast.Ident:
		object := info.Uses[n]
		if object == nil || object.Pkg() == nil {
			return ""
		}
		switch path := object.Pkg().Path(); path {
		case "time":
			if object.Parent() == object.Pkg().Scope() && slices.Contains(clockNames, object.Name()) {
				return "time." + object.Name()
			}
		case "math/rand", "math/rand/v2", "os", "crypto/rand":
			return path
		}
	}
	return ""
}

func functionName(d ast.Decl) string {
	f, ok := d.(*ast.FuncDecl)
	if !ok {
		return ""
	}
	if f.Recv == nil || len(f.Recv.List) == 0 {
		return f.Name.Name
	}
	return fmt.Sprintf("(%s).%s", types.ExprString(f.Recv.List[0].Type), f.Name.Name)
}

func position(set *token.FileSet, n ast.Node) string {
	at := set.Position(n.Pos())
	parts := strings.Split(at.Filename, "/")
	return fmt.Sprintf("%s:%d", parts[len(parts)-1], at.Line)
}
