package chaos

import (
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hivellm/nexus/scripts/cluster"
)

// northwindBatch is how many rows go into one query.
const northwindBatch = 500

// record is a line of a file by column; NULL is absent.
type record map[string]string

// entityFile is a file whose lines become nodes.
type entityFile struct{ file, label, key string }

var entityFiles = []entityFile{
	{"categories", "Category", "categoryID"}, {"customers", "Customer", "customerID"}, {"employees", "Employee", "employeeID"},
	{"orders", "Order", "orderID"}, {"products", "Product", "productID"}, {"regions", "Region", "regionID"},
	{"shippers", "Shipper", "shipperID"}, {"suppliers", "Supplier", "supplierID"}, {"territories", "Territory", "territoryID"},
}

// linkFile is a file whose lines become relationships: from and to are columns of it.
type linkFile struct {
	file, relation               string
	fromLabel, fromKey, fromLine string
	toLabel, toKey, toLine       string
	properties                   []string
}

var linkFiles = []linkFile{
	{"products", "PART_OF", "Product", "productID", "productID", "Category", "categoryID", "categoryID", nil},
	{"products", "SUPPLIED_BY", "Product", "productID", "productID", "Supplier", "supplierID", "supplierID", nil},
	{"orders", "PURCHASED", "Customer", "customerID", "customerID", "Order", "orderID", "orderID", nil},
	{"orders", "SOLD", "Employee", "employeeID", "employeeID", "Order", "orderID", "orderID", nil},
	{"orders", "SHIPPED_BY", "Order", "orderID", "orderID", "Shipper", "shipperID", "shipVia", []string{"freight"}},
	{"order-details", "CONTAINS", "Order", "orderID", "orderID", "Product", "productID", "productID", []string{"unitPrice", "quantity", "discount"}},
	{"employees", "REPORTS_TO", "Employee", "employeeID", "employeeID", "Employee", "employeeID", "reportsTo", nil},
	{"employee-territories", "COVERS", "Employee", "employeeID", "employeeID", "Territory", "territoryID", "territoryID", nil},
	{"territories", "LIES_IN", "Territory", "territoryID", "territoryID", "Region", "regionID", "regionID", nil},
}

// integers and floats are the columns that are numbers; all others stay text.
var (
	integers = columns("categoryID employeeID orderID productID regionID shipperID supplierID shipVia reportsTo unitsInStock unitsOnOrder reorderLevel quantity")
	floats   = columns("unitPrice freight discount")
)

func columns(names string) map[string]bool {
	set := map[string]bool{}
	for name := range strings.FieldsSeq(names) {
		set[name] = true
	}
	return set
}

// checkNorthwind loads the data set through a follower, twice, and compares what it answers with what the files say.
func checkNorthwind(t *testing.T, c *cluster.Cluster) {
	dir, found := cluster.Shared("data", "northwind")
	if !found {
		t.Skip("SKIPPED: the Northwind files are not here; NEXUS_SHARED names the folder above data/northwind")
	}
	files := readFiles(t, dir)
	ctx := cluster.Within(t, 2*time.Minute)
	k := tenant(t, ctx, c, "northwind")
	follower := someFollower(t, ctx, c)
	for _, e := range entityFiles {
		cluster.Ask(t, ctx, k.Client, follower, cluster.Query{Text: fmt.Sprintf(
			"CREATE CONSTRAINT %s FOR (n:%s) REQUIRE n.%s IS UNIQUE", strings.ToLower(e.label), e.label, e.key)})
	}
	started := time.Now()
	for range 2 { // the second time everything is there already
		loadNorthwind(t, ctx, k.Client, follower, files)
	}
	t.Logf("loaded twice through %s in %v", follower.Name, time.Since(started).Round(time.Millisecond))
	wantNodes, wantLinks := 0, 0
	for _, e := range entityFiles {
		wantNodes += len(files[e.file])
		strongly(t, ctx, c, k.Client, fmt.Sprintf("MATCH (n:%s) RETURN count(n)", e.label), int64(len(files[e.file])))
	}
	for _, l := range linkFiles {
		links := len(linksOf(l, files[l.file]))
		wantLinks += links
		strongly(t, ctx, c, k.Client, fmt.Sprintf("MATCH (:%s)-[r:%s]->(:%s) RETURN count(r)", l.fromLabel, l.relation, l.toLabel), int64(links))
	}
	for _, a := range aggregates {
		want := a.compute(files)
		for _, n := range c.Nodes {
			got := askAggregate(t, ctx, k.Client, n, a)
			if difference := differ(got, want); difference != "" {
				t.Errorf("%s on %s: %s", a.name, n.Name, difference)
			}
		}
	}
	if n, r := agree(t, c, k.ID); n != uint64(wantNodes) || r != uint64(wantLinks) {
		t.Errorf("digests speak of %d nodes and %d relationships, the files of %d and %d", n, r, wantNodes, wantLinks)
	}
	t.Logf("%d nodes, %d relationships, %d aggregates on %d nodes equal to the files'", wantNodes, wantLinks, len(aggregates), len(c.Nodes))
}

func someFollower(t *testing.T, ctx context.Context, c *cluster.Cluster) *cluster.Node {
	t.Helper()
	leader, err := c.Leader(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range c.Nodes {
		if n != leader {
			return n
		}
	}
	t.Fatal("there is no follower")
	return nil
}

func readFiles(t *testing.T, dir string) map[string][]record {
	t.Helper()
	files := map[string][]record{}
	for _, name := range []string{"categories", "customers", "employee-territories", "employees", "order-details", "orders",
		"products", "regions", "shippers", "suppliers", "territories"} {
		file, err := os.Open(filepath.Join(dir, name+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		reader := csv.NewReader(file)
		reader.FieldsPerRecord = -1 // some addresses hold a comma that nobody quoted: what follows is shifted
		lines, err := reader.ReadAll()
		_ = file.Close()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, line := range lines[1:] {
			r := record{}
			for i, column := range lines[0][:min(len(line), len(lines[0]))] {
				if line[i] != "NULL" {
					r[column] = line[i]
				}
			}
			files[name] = append(files[name], r)
		}
	}
	return files
}

// typed is a column's value as a parameter; nil where it is absent.
func typed(t *testing.T, r record, column string) any {
	t.Helper()
	text, ok := r[column]
	switch {
	case !ok:
		return nil
	case integers[column]:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", column, err)
		}
		return n
	case floats[column]:
		return float(r, column)
	}
	return text
}

// jsonFloat is a number that JSON shows as a float.
type jsonFloat float64

// MarshalJSON always shows a point, so that the parameter is a FLOAT.
func (f jsonFloat) MarshalJSON() ([]byte, error) {
	text := strconv.FormatFloat(float64(f), 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return []byte(text), nil
}

func float(r record, column string) jsonFloat {
	f, err := strconv.ParseFloat(r[column], 64)
	if err != nil {
		return jsonFloat(math.NaN()) // never equal to an answer
	}
	return jsonFloat(f)
}

func loadNorthwind(t *testing.T, ctx context.Context, k *cluster.Client, n *cluster.Node, files map[string][]record) {
	t.Helper()
	for _, e := range entityFiles {
		var rows []any
		for _, r := range files[e.file] {
			properties := map[string]any{}
			for column := range r {
				properties[column] = typed(t, r, column)
			}
			rows = append(rows, map[string]any{"id": properties[e.key], "properties": properties})
		}
		unwind(t, ctx, k, n, rows, fmt.Sprintf("UNWIND $rows AS row MERGE (n:%s {%s: row.id}) SET n += row.properties", e.label, e.key))
	}
	for _, l := range linkFiles {
		var rows []any
		for _, r := range linksOf(l, files[l.file]) {
			properties := map[string]any{}
			for _, column := range l.properties {
				properties[column] = typed(t, r, column)
			}
			from, to := typed(t, r, l.fromLine), typed(t, r, l.toLine)
			if l.toLine == "shipVia" || l.toLine == "reportsTo" {
				to = typed(t, record{l.toKey: r[l.toLine]}, l.toKey)
			}
			rows = append(rows, map[string]any{"from": from, "to": to, "properties": properties})
		}
		unwind(t, ctx, k, n, rows, fmt.Sprintf(
			"UNWIND $rows AS row MATCH (a:%s {%s: row.from}) MATCH (b:%s {%s: row.to}) MERGE (a)-[r:%s]->(b) SET r += row.properties",
			l.fromLabel, l.fromKey, l.toLabel, l.toKey, l.relation))
	}
}

// linksOf leaves out lines whose other end is NULL.
func linksOf(l linkFile, lines []record) []record {
	var links []record
	for _, r := range lines {
		_, from := r[l.fromLine]
		if _, to := r[l.toLine]; from && to {
			links = append(links, r)
		}
	}
	return links
}

func unwind(t *testing.T, ctx context.Context, k *cluster.Client, n *cluster.Node, rows []any, text string) {
	t.Helper()
	for start := 0; start < len(rows); start += northwindBatch {
		batch := rows[start:min(len(rows), start+northwindBatch)]
		cluster.Ask(t, ctx, k, n, cluster.Query{Text: text, Parameters: map[string]any{"rows": batch}})
	}
}
