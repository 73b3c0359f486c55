package digest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/tenancy"
)

// votes reads "a b!": database 0 holds a, database 1 holds b and is known to be damaged.
func votes(text string) (list []fsm.Vote) {
	for i, c := range []byte(text) {
		switch c {
		case ' ':
		case '!':
			list[len(list)-1].Whole = false
		default:
			_ = i
			list = append(list, fsm.Vote{
				Place: fsm.Place{Tenant: tenancy.IDFromNumber(1), Database: tenancy.DatabaseID(len(list))},
				Stamp: graph.Stamp{Term: 1}, Digest: graph.Digest{c}, Whole: true,
			})
		}
	}
	return list
}

func TestJudge_ByMajorityOfTheVoters(t *testing.T) {
	for _, c := range []struct{ name, n1, n2, n3, minority, readOnly, whole string }{
		{"all agree", "a b", "a b", "a b", "", "", "n1 n2 n3"},
		{"one differs", "a b", "a c", "a b", "n2:1", "", "n1 n3"},
		{"one found its own damage", "a b", "a b", "a b!", "n3:1", "", "n1 n2"},
		{"each differs", "a b", "a c", "a d", "", "1", "n1 n2 n3"},
		{"one is silent, two agree", "a", "a", "-", "", "", "n1 n2"},
		{"one is silent, two differ", "a", "b", "-", "", "0", "n1 n2"},
		{"one is silent, one is damaged", "a", "a!", "-", "", "0", "n1 n2"},
		{"two are silent", "a", "-", "-", "", "", "n1"},
		{"two are damaged alike", "a", "b!", "b!", "", "0", "n1 n2 n3"},
		{"two databases, two nodes", "a b", "a c", "d b", "n2:1 n3:0", "", "n1"},
		{"nobody is whole everywhere", "a b x", "a c y", "d b y", "n1:2 n2:1 n3:0", "", ""},
	} {
		answers := map[string][]fsm.Vote{}
		voters := []string{"n1", "n2", "n3"}
		for i, text := range []string{c.n1, c.n2, c.n3} {
			if text != "-" {
				answers[voters[i]] = votes(text)
			}
		}
		j := judge(voters, nil, answers)
		var minority, readOnly, whole string
		for _, v := range voters {
			for _, p := range j.minority[v] {
				minority += fmt.Sprintf(" %s:%d", v, p.Database)
			}
		}
		for _, p := range j.readOnly {
			readOnly += fmt.Sprintf(" %d", p.Database)
		}
		for _, v := range j.whole {
			whole += " " + v
		}
		for _, got := range []struct{ what, got, want string }{{"minority", minority, c.minority}, {"read-only", readOnly, c.readOnly}, {"whole", whole, c.whole}} {
			if got.want != "" {
				got.want = " " + got.want
			}
			if got.got != got.want {
				t.Errorf("%s: %s%s, not%s", c.name, got.what, got.got, got.want)
			}
		}
	}
	five := judge([]string{"n1", "n2", "n3", "n4", "n5"}, nil, map[string][]fsm.Vote{"n1": votes("a"), "n2": votes("a"), "n3": votes("b")})
	if len(five.minority) != 0 || len(five.readOnly) != 1 {
		t.Errorf("two of five agree, and two are silent: %+v", five)
	}
	alone := judge([]string{"n1"}, nil, map[string][]fsm.Vote{"n1": votes("a b!")})
	if len(alone.minority) != 0 || len(alone.readOnly) != 1 || alone.source("n2", "n1") != "" {
		t.Errorf("a node alone with damage: %+v", alone)
	}
}

// TestJudge_LearnersAreComparedAndDoNotCount: what a majority of the voters holds is what a learner must hold.
func TestJudge_LearnersAreComparedAndDoNotCount(t *testing.T) {
	voters, learners := []string{"n1", "n2", "n3"}, []string{"n4", "n5"}
	for _, c := range []struct {
		name, n1, n2, n3, n4, n5 string
		minority                 []string
		readOnly                 int
	}{
		{"all agree", "a", "a", "a", "a", "-", nil, 0},
		{"a learner differs", "a", "a", "a", "b", "a", []string{"n4"}, 0},
		{"a learner found its own damage", "a", "a", "-", "a!", "-", []string{"n4"}, 0},
		{"a voter and a learner differ alike", "a", "a", "b", "b", "b", []string{"n3", "n4", "n5"}, 0},
		{"learners make no majority", "a", "b", "-", "b", "b", nil, 1},
		{"no majority answered", "a", "-", "-", "b", "-", nil, 0},
	} {
		answers := map[string][]fsm.Vote{}
		for i, text := range []string{c.n1, c.n2, c.n3, c.n4, c.n5} {
			if text != "-" {
				answers[fmt.Sprint("n", i+1)] = votes(text)
			}
		}
		j := judge(voters, learners, answers)
		if len(j.minority) != len(c.minority) || len(j.readOnly) != c.readOnly || slices.Contains(j.whole, "n4") {
			t.Errorf("%s: %+v", c.name, j)
		}
		for _, node := range c.minority {
			if len(j.minority[node]) != 1 {
				t.Errorf("%s: %s is not in the minority", c.name, node)
			}
		}
	}
}

func TestJudge_SourceIsWholeAndRatherNotTheLeader(t *testing.T) {
	for _, c := range []struct {
		whole             []string
		node, leader, has string
	}{
		{[]string{"n1", "n2"}, "n3", "n1", "n2"},
		{[]string{"n1"}, "n3", "n1", "n1"},
		{[]string{"n2"}, "n3", "n1", "n2"},
		{nil, "n3", "n1", ""},
		{[]string{"n1"}, "n1", "n1", ""},
	} {
		j := judgement{whole: c.whole}
		if got := j.source(c.node, c.leader); got != c.has {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
