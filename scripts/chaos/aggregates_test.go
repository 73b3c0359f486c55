package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/hivellm/nexus/scripts/cluster"
)

// table is an aggregate's answer: what it is grouped by, joined, and its numbers.
type table map[string][]float64

func (t table) add(key string, numbers ...float64) {
	if t[key] == nil {
		t[key] = make([]float64, len(numbers))
	}
	for i, n := range numbers {
		t[key][i] += n
	}
}

// aggregate is one question, asked of the graph and computed from the files. Its first groups columns are the key.
type aggregate struct {
	name, query string
	groups      int
	compute     func(files map[string][]record) table
}

var aggregates = []aggregate{
	{"orders a country", "MATCH (c:Customer)-[:PURCHASED]->(o:Order) RETURN c.country, count(o)", 1, func(f map[string][]record) table {
		out, customers := table{}, by(f["customers"], "customerID")
		for _, o := range f["orders"] {
			out.add(customers[o["customerID"]]["country"], 1)
		}
		return out
	}},
	{"products and stock a category", "MATCH (p:Product)-[:PART_OF]->(c:Category) RETURN c.categoryName, count(p), sum(p.unitsInStock)", 1, func(f map[string][]record) table {
		out, categories := table{}, by(f["categories"], "categoryID")
		for _, p := range f["products"] {
			out.add(categories[p["categoryID"]]["categoryName"], 1, number(p, "unitsInStock"))
		}
		return out
	}},
	{"turnover a product", "MATCH (:Order)-[l:CONTAINS]->(p:Product) RETURN p.productName, sum(l.unitPrice * l.quantity * (1 - l.discount)), count(*)", 1, func(f map[string][]record) table {
		out, products := table{}, by(f["products"], "productID")
		for _, d := range f["order-details"] {
			out.add(products[d["productID"]]["productName"], number(d, "unitPrice")*number(d, "quantity")*(1-number(d, "discount")), 1)
		}
		return out
	}},
	{"turnover a country and category", "MATCH (c:Customer)-[:PURCHASED]->(:Order)-[l:CONTAINS]->(:Product)-[:PART_OF]->(g:Category) " +
		"RETURN c.country, g.categoryName, sum(l.unitPrice * l.quantity * (1 - l.discount)), sum(l.quantity)", 2, func(f map[string][]record) table {
		out, orders, customers := table{}, by(f["orders"], "orderID"), by(f["customers"], "customerID")
		products, categories := by(f["products"], "productID"), by(f["categories"], "categoryID")
		for _, d := range f["order-details"] {
			country := customers[orders[d["orderID"]]["customerID"]]["country"]
			category := categories[products[d["productID"]]["categoryID"]]["categoryName"]
			out.add(country+"|"+category, number(d, "unitPrice")*number(d, "quantity")*(1-number(d, "discount")), number(d, "quantity"))
		}
		return out
	}},
	{"mean price a supplier", "MATCH (p:Product)-[:SUPPLIED_BY]->(s:Supplier) RETURN s.companyName, avg(p.unitPrice), min(p.unitPrice), max(p.unitPrice)", 1, func(f map[string][]record) table {
		out, count, suppliers := table{}, map[string]float64{}, by(f["suppliers"], "supplierID")
		for _, p := range f["products"] {
			key, price := suppliers[p["supplierID"]]["companyName"], number(p, "unitPrice")
			if count[key] == 0 {
				out[key] = []float64{0, price, price}
			}
			count[key]++
			out[key] = []float64{out[key][0] + price, min(out[key][1], price), max(out[key][2], price)}
		}
		for key := range out {
			out[key][0] /= count[key]
		}
		return out
	}},
	{"orders an employee sold, and to how many", "MATCH (e:Employee)-[:SOLD]->(o:Order)<-[:PURCHASED]-(c:Customer) RETURN e.firstName + ' ' + e.lastName, count(o), count(DISTINCT c)", 1, func(f map[string][]record) table {
		out, employees, seen := table{}, by(f["employees"], "employeeID"), map[string]bool{}
		for _, o := range f["orders"] {
			e := employees[o["employeeID"]]
			key, fresh := e["firstName"]+" "+e["lastName"], 0.0
			if pair := key + "|" + o["customerID"]; !seen[pair] {
				seen[pair], fresh = true, 1
			}
			out.add(key, 1, fresh)
		}
		return out
	}},
	{"freight a shipper", "MATCH (o:Order)-[v:SHIPPED_BY]->(s:Shipper) RETURN s.companyName, count(*), sum(v.freight), max(v.freight)", 1, func(f map[string][]record) table {
		out, shippers := table{}, by(f["shippers"], "shipperID")
		for _, o := range f["orders"] {
			key := shippers[o["shipVia"]]["companyName"]
			freight := number(o, "freight")
			out.add(key, 1, freight, 0)
			out[key][2] = max(out[key][2], freight)
		}
		return out
	}},
	{"orders not shipped, a year", "MATCH (o:Order) WHERE o.shippedDate IS NULL RETURN substring(o.orderDate, 0, 4), count(o)", 1, func(f map[string][]record) table {
		out := table{}
		for _, o := range f["orders"] {
			if _, shipped := o["shippedDate"]; !shipped {
				out.add(o["orderDate"][:4], 1)
			}
		}
		return out
	}},
	{"customers without orders", "MATCH (c:Customer) OPTIONAL MATCH (c)-[:PURCHASED]->(o:Order) WITH c, count(o) AS orders WHERE orders = 0 RETURN c.companyName, orders", 1, func(f map[string][]record) table {
		out, orders := table{}, by(f["orders"], "customerID")
		for _, c := range f["customers"] {
			if _, any := orders[c["customerID"]]; !any {
				out.add(c["companyName"], 0)
			}
		}
		return out
	}},
	{"territories a region that somebody covers", "MATCH (:Employee)-[:COVERS]->(t:Territory)-[:LIES_IN]->(r:Region) RETURN trim(r.regionDescription), count(DISTINCT t), count(*)", 1, func(f map[string][]record) table {
		out, territories, regions, seen := table{}, by(f["territories"], "territoryID"), by(f["regions"], "regionID"), map[string]bool{}
		for _, l := range f["employee-territories"] {
			t, fresh := l["territoryID"], 0.0
			if !seen[t] {
				seen[t], fresh = true, 1
			}
			out.add(strings.TrimSpace(regions[territories[t]["regionID"]]["regionDescription"]), fresh, 1)
		}
		return out
	}},
	{"who reports to whom, at any distance", "MATCH (e:Employee)-[:REPORTS_TO*1..5]->(b:Employee) RETURN b.lastName, count(e)", 1, func(f map[string][]record) table {
		out, employees := table{}, by(f["employees"], "employeeID")
		for _, e := range f["employees"] {
			for above, ok := employees[e["reportsTo"]]; ok; above, ok = employees[above["reportsTo"]] {
				out.add(above["lastName"], 1)
			}
		}
		return out
	}},
}

func by(lines []record, column string) map[string]record {
	index := make(map[string]record, len(lines))
	for _, r := range lines {
		index[r[column]] = r
	}
	return index
}

func number(r record, column string) float64 { return float64(float(r, column)) }

func askAggregate(t *testing.T, ctx context.Context, k *cluster.Client, n *cluster.Node, a aggregate) table {
	t.Helper()
	rows, err := cluster.Ask(t, ctx, k, n, cluster.Query{Text: a.query}).Rows()
	if err != nil {
		t.Fatal(err)
	}
	out := table{}
	for _, row := range rows {
		var keys []string
		for _, cell := range row[:a.groups] {
			keys = append(keys, fmt.Sprint(cell))
		}
		var numbers []float64
		for _, cell := range row[a.groups:] {
			number, ok := cell.(json.Number)
			f, err := number.Float64()
			if !ok || err != nil {
				t.Fatalf("%s: %v is not a number", a.name, cell)
			}
			numbers = append(numbers, f)
		}
		key := strings.Join(keys, "|")
		if _, twice := out[key]; twice {
			t.Errorf("%s on %s: two rows for %s", a.name, n.Name, key)
		}
		out[key] = numbers
	}
	return out
}

// differ says how two tables differ; sums may differ by what the order of adding does.
func differ(got, want table) string {
	for key, numbers := range want {
		if len(got[key]) != len(numbers) {
			return fmt.Sprintf("%s is %v, the files say %v", key, got[key], numbers)
		}
		for i, n := range numbers {
			if math.Abs(got[key][i]-n) > 1e-9*max(1, math.Abs(n)) {
				return fmt.Sprintf("%s is %v, the files say %v", key, got[key], numbers)
			}
		}
	}
	for key := range got {
		if _, ok := want[key]; !ok {
			return key + " is nobody's in the files"
		}
	}
	return ""
}
