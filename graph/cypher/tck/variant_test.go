package tck

import (
	"context"
	"errors"
	"testing"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher"
	"github.com/hivellm/nexus/graph/cypher/bind"
	"github.com/hivellm/nexus/graph/cypher/exec"
	"github.com/hivellm/nexus/graph/cypher/fn"
	"github.com/hivellm/nexus/graph/cypher/parse"
	"github.com/hivellm/nexus/graph/cypher/plan"
	"github.com/hivellm/nexus/graph/value"
)

// variant is the engine run another way that must answer alike.
type variant struct {
	rules plan.Rules
	// indexed: before each statement, every label has an index on every property.
	indexed bool
}

var variants = map[string]variant{
	"without rules":   {},
	"indexed":         {rules: plan.AllRules, indexed: true},
	"only pushing":    {rules: plan.RulePushFilters, indexed: true},
	"without pushing": {rules: plan.AllRules &^ plan.RulePushFilters, indexed: true},
}

func (v variant) open(start *graph.Graph) session {
	return &variantSession{realSession{current: start, prepare: v.prepare}, v.indexed}
}

func (v variant) prepare(text string, procedures fn.Procedures) (statement, error) {
	tree, err := parse.Parse(text)
	if err != nil {
		return statement{}, err
	}
	bound, err := bind.Bind(tree, procedures)
	if err != nil {
		return statement{}, err
	}
	run := func(ctx context.Context, g *graph.Graph, d *graph.Draft, o cypher.Options, sink cypher.Sink) error {
		in := exec.Inputs{More: o.Params, Procedures: o.Procedures, Clock: o.Clock, Random: o.Random}
		_, err := exec.RunWith(ctx, bound, &exec.Plans{}, g, d, in, sink, v.rules)
		return err
	}
	return statement{writes: bound.Writes, run: run}, nil
}

type variantSession struct {
	realSession
	indexed bool
}

func (s *variantSession) run(text string, parameters map[string]value.Value, procedures fn.Procedures) outcome {
	if s.indexed {
		if err := s.index(); err != nil {
			return outcome{failure: failureOf(err)}
		}
	}
	return s.realSession.run(text, parameters, procedures)
}

// index makes the indexes that are missing.
func (s *variantSession) index() error {
	stamp := graph.Stamp{Term: 1, Sequence: s.current.Stamp().Sequence + 1}
	draft := graph.NewDraft(s.current, stamp, graph.DraftLimits{})
	for _, label := range s.current.LabelNames() {
		for _, key := range s.current.PropertyKeyNames() {
			_, err := draft.CreateIndex(graph.IndexDefinition{
				Entity: graph.NodeEntity, LabelOrType: label, Properties: []string{key},
			})
			var exists *graph.AlreadyExistsError
			if err != nil && !errors.As(err, &exists) {
				return err
			}
		}
	}
	if draft.Empty() {
		return nil
	}
	return s.advance(draft)
}

// racedShare is how many scenarios there are for each one that the variants run under the race detector.
const racedShare = 5

// TestVariants_AnswerAlike runs the kit with other plans and with indexes: what was won must be won so too.
func TestVariants_AnswerAlike(t *testing.T) {
	folder := kitFolder(t)
	scenarios := loadKit(t, folder)
	wins := readWon(t)
	for name, v := range variants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			named := loadGraphs(t, folder, v)
			for i, s := range scenarios {
				if !wins[s.name] || raced && i%racedShare != 0 {
					continue
				}
				if end := judge(v, named, s); end.verdict != won {
					t.Errorf("%s: %s\n%s", s.name, end.reason, queries(s))
				}
			}
		})
	}
}
