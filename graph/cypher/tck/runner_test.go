package tck

import (
	"slices"
	"strings"
	"testing"

	"github.com/hivellm/nexus/graph"
)

// honesty is a small kit of its own: every kind of step, and which lies the scenario must see through. The title lists
// them after a colon; all other lies do not concern it.
const honesty = `
Feature: Runner
  Scenario: rows in any order: drops a row, repeats a row, adds a row, changes a value, renames a column, drops the columns, fails instead of answering, creates a node
    Given an empty graph
    When executing query:
      """
      UNWIND [1, 2] AS x RETURN x // lie here
      """
    Then the result should be, in any order:
      | x |
      | 2 |
      | 1 |
    And no side effects

  Scenario: rows in order: drops a row, repeats a row, turns the rows around, changes a value, renames a column
    Given any graph
    When executing query:
      """
      UNWIND [1, 2] AS x RETURN x ORDER BY x // lie here
      """
    Then the result should be, in order:
      | x |
      | 1 |
      | 2 |

  Scenario: lists in their order: turns lists around, drops a list's item
    Given any graph
    When executing query:
      """
      RETURN [1, 2] AS x // lie here
      """
    Then the result should be, in any order:
      | x      |
      | [1, 2] |

  Scenario: lists in any order: drops a list's item, adds a row, renames a column
    Given any graph
    When executing query:
      """
      RETURN [1, 2] AS x // lie here
      """
    Then the result should be (ignoring element order for lists):
      | x      |
      | [2, 1] |

  Scenario: rows in order, lists in any: turns the rows around, drops a list's item
    Given any graph
    When executing query:
      """
      UNWIND [[1, 2], [3, 4]] AS x RETURN x ORDER BY x // lie here
      """
    Then the result should be, in order (ignoring element order for lists):
      | x      |
      | [2, 1] |
      | [4, 3] |

  Scenario: side effects: adds a row, creates a node, creates a relationship, sets a property, changes a property, adds a label, removes a label, deletes everything, fails instead of answering
    Given an empty graph
    And having executed:
      """
      CREATE (:Old {name: 'old'})-[:R]->(), (:Gone {name: 'gone'})-[:R]->()
      """
    When executing query:
      """
      MATCH (g:Gone)-[r]->() DELETE g, r CREATE (:New {a: 1, b: 2})-[:R {c: 3}]->() // lie here
      """
    Then the result should be empty
    And the side effects should be:
      | +nodes         | 2 |
      | -nodes         | 1 |
      | +relationships | 1 |
      | -relationships | 1 |
      | +properties    | 3 |
      | -properties    | 1 |
      | +labels        | 1 |
      | -labels        | 1 |

  Scenario: an error at compile time: answers instead of failing, names another type, names another phase, names another detail, names no phase, creates a node
    Given any graph
    When executing query:
      """
      RETURN missing // lie here
      """
    Then a SyntaxError should be raised at compile time: UndefinedVariable

  Scenario: an error at runtime: answers instead of failing, names another type, names another phase, names another detail, names no phase, creates a node
    Given any graph
    When executing query:
      """
      RETURN range(1, 2, 0) // lie here
      """
    Then a ArgumentError should be raised at runtime: NumberOutOfRange

  Scenario: an error at any time: answers instead of failing, names another type, names no phase, names another detail
    Given any graph
    When executing query:
      """
      RETURN range(1, 2, 0) // lie here
      """
    Then a ArgumentError should be raised at any time: NumberOutOfRange

  Scenario: an error of any detail: answers instead of failing, names another type, names no phase
    Given any graph
    When executing query:
      """
      RETURN range(1, 2, 0) // lie here
      """
    Then a ArgumentError should be raised at any time: *

  Scenario: preparing the graph: fails instead of answering
    Given an empty graph
    And having executed:
      """
      CREATE (:A) // lie here
      """
    When executing query:
      """
      MATCH (n) RETURN n
      """
    Then the result should be, in any order:
      | n    |
      | (:A) |

  Scenario: parameters: forgets parameters, changes parameters
    Given any graph
    And parameters are:
      | p | {a: [1, 'x', null, true, 1.5]} |
    When executing query:
      """
      RETURN $p AS p // lie here
      """
    Then the result should be, in any order:
      | p                              |
      | {a: [1, 'x', null, true, 1.5]} |

  Scenario: procedures: forgets procedures
    Given any graph
    And there exists a procedure test.my.proc(in :: INTEGER?) :: (out :: STRING?):
      | in | out |
      | 1  | 'a' |
      | 2  | 'b' |
    When executing query:
      """
      CALL test.my.proc(2) YIELD out RETURN out // lie here
      """
    Then the result should be, in any order:
      | out |
      | 'b' |

  Scenario: named graphs: opens an empty graph
    Given the little graph
    When executing query:
      """
      MATCH p = (a:Old)-[r]->(b) RETURN a, r, p // lie here
      """
    Then the result should be, in any order:
      | a                     | r    | p                               |
      | (:Old {name: 'old'}) | [:R] | <(:Old {name: 'old'})-[:R]->()> |

  Scenario: a control query: changes a value, creates a node
    Given an empty graph
    When executing query:
      """
      CREATE (:A)
      """
    Then the result should be empty
    And the side effects should be:
      | +nodes  | 1 |
      | +labels | 1 |
    When executing control query:
      """
      MATCH (n) RETURN n // lie here
      """
    Then the result should be, in any order:
      | n    |
      | (:A) |
    And no side effects
`

func littleGraph(t *testing.T) namedGraphs {
	t.Helper()
	s := realEngine{}.open(graph.Empty())
	if result := s.run("CREATE (:Old {name: 'old'})-[:R]->()", nil, nil); result.failure != nil {
		t.Fatal(result.failure)
	}
	return namedGraphs{"little": s.graph()}
}

// TestRunner_SeesThroughEveryLie runs every scenario with the honest engine, which must win, and with each lie, which
// must lose exactly where the scenario says so.
func TestRunner_SeesThroughEveryLie(t *testing.T) {
	scenarios, err := parseFeature("runner/Runner.feature", honesty)
	if err != nil {
		t.Fatal(err)
	}
	named := littleGraph(t)
	told := map[string]bool{}
	for _, s := range scenarios {
		title, list, _ := strings.Cut(strings.TrimPrefix(s.name, "runner/Runner/"), ": ")
		t.Run(title, func(t *testing.T) {
			if _, err := perform(realEngine{}, named, s); err != nil {
				t.Fatalf("the honest engine lost: %v", err)
			}
			for _, name := range strings.Split(list, ", ") {
				i := slices.IndexFunc(lies, func(l lie) bool { return l.name == name })
				if i < 0 {
					t.Fatalf("no lie %q", name)
				}
				told[name] = true
				if _, err := perform(liar{lies[i]}, named, s); err == nil {
					t.Errorf("an engine that %s won", name)
				}
			}
		})
	}
	for _, l := range lies {
		if !told[l.name] {
			t.Errorf("no scenario was told the lie %q", l.name)
		}
	}
	for _, kind := range stepKinds {
		if !slices.ContainsFunc(scenarios, func(s scenario) bool {
			return slices.ContainsFunc(s.steps, func(one step) bool { return kind.pattern.MatchString(one.text) })
		}) {
			t.Errorf("no scenario has the step %s", kind.pattern)
		}
	}
}

// TestRunner_ToleratesWhatItMust: the order of rows and of lists does not count where the step says so.
func TestRunner_ToleratesWhatItMust(t *testing.T) {
	scenarios, err := parseFeature("runner/Runner.feature", honesty)
	if err != nil {
		t.Fatal(err)
	}
	for prefix, name := range map[string]string{
		"rows in any order": "turns the rows around", "lists in any order": "turns lists around",
		"an error at any time": "names another phase", "an error of any detail": "names another detail",
	} {
		i := slices.IndexFunc(scenarios, func(s scenario) bool {
			return strings.HasPrefix(s.name, "runner/Runner/"+prefix+":")
		})
		j := slices.IndexFunc(lies, func(l lie) bool { return l.name == name })
		if _, err := perform(liar{lies[j]}, nil, scenarios[i]); err != nil {
			t.Errorf("%s: %v", prefix, err)
		}
	}
}

// TestRunner_TellsVerdictsApart: a wrong answer without an error is silent, whatever it was wrong about.
func TestRunner_TellsVerdictsApart(t *testing.T) {
	failing := func(f failure) lie {
		return lie{answer: func(session, outcome) outcome { return outcome{failure: &f} }}
	}
	rows := scenario{steps: []step{
		{text: "executing query:", doc: "RETURN 1 AS x " + lieHere},
		{text: "the result should be, in any order:", rows: [][]string{{"x"}, {"1"}}},
		{text: "no side effects"},
	}}
	errored := scenario{steps: []step{
		{text: "executing query:", doc: "RETURN missing " + lieHere},
		{text: "a SyntaxError should be raised at compile time: UndefinedVariable"},
	}}
	one := func(name string) lie { return lies[slices.IndexFunc(lies, func(l lie) bool { return l.name == name })] }
	for name, c := range map[string]struct {
		scenario scenario
		lie      lie
		want     verdict
	}{
		"honest rows":    {rows, lie{}, won},
		"honest error":   {errored, lie{}, won},
		"wrong rows":     {rows, one("changes a value"), silent},
		"wrong effects":  {rows, one("creates a node"), silent},
		"no error":       {errored, one("answers instead of failing"), silent},
		"wrong error":    {errored, one("names another detail"), failed},
		"unsupported":    {rows, failing(failure{typ: "SemanticError", detail: "UnsupportedFeature"}), refused},
		"a crash":        {rows, failing(failure{typ: "PANIC", crashed: true}), crashed},
		"undefined step": {scenario{steps: []step{{text: "a moon"}}}, lie{}, failed},
	} {
		if got := judge(liar{c.lie}, nil, c.scenario).verdict; got != c.want {
			t.Errorf("%s: %s, expected %s", name, verdictNames[got], verdictNames[c.want])
		}
	}
}

// TestRunner_RefusesWhatItDoesNotKnow: no unknown step, no empty scenario, no unreadable table passes.
func TestRunner_RefusesWhatItDoesNotKnow(t *testing.T) {
	query := step{text: "executing query:", doc: "RETURN 1 AS x"}
	table := func(cell string) step {
		return step{text: "the result should be, in any order:", rows: [][]string{{"x"}, {cell}}}
	}
	effects := func(name, n string) step {
		return step{text: "the side effects should be:", rows: [][]string{{name, n}}}
	}
	for name, steps := range map[string][]step{
		"undefined step":      {query, table("1"), {text: "the moon should be full"}},
		"almost a step":       {query, table("1"), {text: "no side effects at all"}},
		"no checks":           {query},
		"no query":            {table("1")},
		"error without query": {{text: "a SyntaxError should be raised at runtime: X"}},
		"unreadable value":    {query, table("(")},
		"more than a value":   {query, table("1 1")},
		"unknown effect":      {query, effects("+moons", "0")},
		"no number":           {query, effects("+nodes", "few")},
		"unknown graph":       {{text: "the unknown graph"}, query, table("1")},
		"unknown type":        {{text: "there exists a procedure p(a :: MOON?) :: ():"}, query, table("1")},
		"bad parameter":       {{text: "parameters are:", rows: [][]string{{"p", "(:A)"}}}, query, table("1")},
		"an integer's float":  {query, table("1.0")},
		"an integer's string": {query, table("'1'")},
	} {
		if _, err := perform(realEngine{}, nil, scenario{name: name, steps: steps}); err == nil {
			t.Errorf("%s passed", name)
		}
	}
}

// TestKit_IsReadWhole: every step of the kit is defined, and every value, parameter and procedure in it can be read.
func TestKit_IsReadWhole(t *testing.T) {
	scenarios := loadKit(t, kitFolder(t))
	if len(scenarios) != kitSize {
		t.Fatalf("%d scenarios, expected %d", len(scenarios), kitSize)
	}
	names := map[string]bool{}
	for _, s := range scenarios {
		if names[s.name] {
			t.Errorf("two scenarios are called %s", s.name)
		}
		names[s.name] = true
		for _, one := range s.steps {
			checkReadable(t, s.name, one)
		}
	}
}

func checkReadable(t *testing.T, name string, one step) {
	t.Helper()
	i := slices.IndexFunc(stepKinds, func(k stepKind) bool { return k.pattern.MatchString(one.text) })
	if i < 0 {
		t.Errorf("%s: undefined step: %s", name, one.text)
		return
	}
	switch {
	case strings.HasPrefix(one.text, "the result should be") && len(one.rows) > 0:
		if _, err := expectedRows(one.rows[1:], false); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	case one.text == "parameters are:":
		for _, row := range one.rows {
			if c, err := parseCell(row[1]); err != nil {
				t.Errorf("%s: %v", name, err)
			} else if _, err := valueOf(c); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	case strings.HasPrefix(one.text, "there exists a procedure"):
		words := stepKinds[i].pattern.FindStringSubmatch(one.text)
		if _, err := parseProcedure(words[1], one.rows); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
