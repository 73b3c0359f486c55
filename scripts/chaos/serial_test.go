package chaos

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"
)

// deedFate is what a client knows of its transaction.
type deedFate int

// The fates.
const (
	deedAbandoned deedFate = iota // given up before its commit: nothing of it may be there
	deedCommitted
	deedRefused // by CONFLICT: nothing of it may be there
	deedUnknown
)

// deed is one transaction as its client saw it. A version of an item is the name of the deed that wrote it, so every read
// names its writer; whoever writes an item has read what it replaces, so a version has one successor.
type deed struct {
	name       string
	kind       string
	fate       deedFate
	reads      map[string]string // item → version
	writes     map[string]bool
	begun, end time.Duration // begun before its begin was sent; ended after its commit was answered
	// conflict is what a refusal said.
	conflict string
	term     uint64 // that was known before its begin
}

// serialFault says why no order fits what committed deeds saw, "" where one does: each edge of the graph says who must
// come before whom, by what was read and written, and by who was answered before another began (strictly serializable).
func serialFault(deeds []*deed, begun string) string {
	g := orders{after: map[string][]string{}, next: map[string]string{}}
	committed := slices.DeleteFunc(slices.Clone(deeds), func(d *deed) bool { return d.fate != deedCommitted })
	for _, d := range committed {
		for item := range d.writes {
			if fault := g.replace(d, item); fault != "" {
				return fault
			}
		}
	}
	known := map[string]bool{begun: true}
	for _, d := range committed {
		known[d.name] = true
	}
	for _, d := range committed {
		for item, version := range d.reads {
			if !known[version] {
				return fmt.Sprintf("%s read %s of %s, which did not happen", d.name, version, item)
			}
			g.read(d, item, version)
		}
	}
	g.inTime(committed)
	if ring := g.ring(); ring != nil {
		return fmt.Sprintf("no order fits: %v", ring)
	}
	return ""
}

// orders is a graph of who comes before whom.
type orders struct {
	after map[string][]string
	next  map[string]string // item and version → the deed that replaced it
}

func (g *orders) replace(d *deed, item string) (fault string) {
	place := item + " " + d.reads[item]
	if other, taken := g.next[place]; taken {
		return fmt.Sprintf("%s and %s both replaced %s of %s", other, d.name, d.reads[item], item)
	}
	g.next[place] = d.name
	g.before(d.reads[item], d.name)
	return ""
}

func (g *orders) read(d *deed, item, version string) {
	g.before(version, d.name)
	if later := g.next[item+" "+version]; later != "" && later != d.name {
		g.before(d.name, later)
	}
}

func (g *orders) before(one, other string) { g.after[one] = append(g.after[one], other) }

// inTime puts who was answered before another began before it: through a chain of moments.
func (g *orders) inTime(deeds []*deed) {
	byEnd := slices.SortedFunc(slices.Values(deeds), func(a, b *deed) int { return cmp.Compare(a.end, b.end) })
	moment := func(i int) string { return fmt.Sprint("moment ", i) }
	for i, d := range byEnd {
		g.before(d.name, moment(i))
		if i > 0 {
			g.before(moment(i-1), moment(i))
		}
	}
	for _, d := range deeds {
		ended, _ := slices.BinarySearchFunc(byEnd, d.begun, func(o *deed, at time.Duration) int { return cmp.Compare(o.end, at) })
		if ended > 0 {
			g.before(moment(ended-1), d.name)
		}
	}
}

// ring finds a cycle, nil where there is none.
func (g *orders) ring() []string {
	const open, closed = 1, 2
	state := map[string]int{}
	var path []string
	var walk func(name string) bool
	walk = func(name string) bool {
		state[name] = open
		path = append(path, name)
		for _, later := range g.after[name] {
			if state[later] == open {
				path = append(path[slices.Index(path, later):], later)
				return true
			}
			if state[later] == 0 && walk(later) {
				return true
			}
		}
		state[name] = closed
		path = path[:len(path)-1]
		return false
	}
	for _, name := range slices.Sorted(maps.Keys(g.after)) {
		if state[name] == 0 && walk(name) {
			return path
		}
	}
	return nil
}

// TestSerial_JudgeFindsFaults: the judge can fail, and does not where an order fits.
func TestSerial_JudgeFindsFaults(t *testing.T) {
	did := func(name string, begun, end int, reads map[string]string, writes ...string) *deed {
		d := &deed{name: name, fate: deedCommitted, reads: reads, writes: map[string]bool{}, begun: time.Duration(begun), end: time.Duration(end)}
		for _, w := range writes {
			d.writes[w] = true
		}
		return d
	}
	start := func(items ...string) map[string]string {
		m := map[string]string{}
		for _, i := range items {
			m[i] = "start"
		}
		return m
	}
	for _, c := range []struct {
		name  string
		deeds []*deed
		fits  bool
	}{
		{"lost update", []*deed{did("a", 0, 9, start("x"), "x"), did("b", 0, 9, start("x"), "x")}, false},
		{"write skew", []*deed{did("a", 0, 9, start("x", "y"), "x"), did("b", 0, 9, start("x", "y"), "y")}, false},
		{"torn read", []*deed{did("a", 0, 9, start("x", "y"), "x", "y"), did("b", 0, 9, map[string]string{"x": "a", "y": "start"})}, false},
		{"dirty read", []*deed{did("b", 0, 9, map[string]string{"x": "ghost"})}, false},
		{"stale read", []*deed{did("a", 0, 3, start("x"), "x"), did("b", 5, 9, start("x"))}, false},
		{"read beside", []*deed{did("a", 0, 6, start("x"), "x"), did("b", 5, 9, start("x"))}, true},
		{"one after the other", []*deed{did("a", 0, 3, start("x", "y"), "x"), did("b", 4, 9, map[string]string{"x": "a", "y": "start"}, "y")}, true},
	} {
		if fault := serialFault(c.deeds, "start"); (fault == "") != c.fits {
			t.Errorf("%s: %q", c.name, fault)
		}
	}
}
