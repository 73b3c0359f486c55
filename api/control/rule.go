package control

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/hivellm/nexus/hivehub"
	"github.com/hivellm/nexus/tenancy"
)

// Policies say what goes on when the state is expired: by plan, else by the default. The zero value lets reads go on and
// refuses writes.
type Policies struct {
	Default hivehub.ExpiredPolicy
	ByPlan  map[string]hivehub.ExpiredPolicy
}

// policyWords name the policies.
var policyWords = []struct {
	word   string
	policy hivehub.ExpiredPolicy
}{
	{"read", hivehub.ExpiredPolicy{}},
	{"write", hivehub.ExpiredPolicy{AllowWrites: true}},
	{"refuse", hivehub.ExpiredPolicy{RefuseReads: true}},
}

// ParsePolicies reads a list of policies: "read", "write" (reads and writes go on) or "refuse" for all, and
// "<plan>=<policy>" for one plan.
func ParsePolicies(items []string) (Policies, error) {
	p := Policies{ByPlan: map[string]hivehub.ExpiredPolicy{}}
	for _, item := range items {
		plan, word, named := strings.Cut(item, "=")
		if !named {
			word = item
		}
		i := slices.IndexFunc(policyWords, func(row struct {
			word   string
			policy hivehub.ExpiredPolicy
		}) bool {
			return row.word == strings.TrimSpace(word)
		})
		switch {
		case i < 0:
			return p, fmt.Errorf(`%q is not "read", "write", "refuse" or "<plan>=<one of them>"`, item)
		case named:
			p.ByPlan[strings.TrimSpace(plan)] = policyWords[i].policy
		default:
			p.Default = policyWords[i].policy
		}
	}
	return p, nil
}

func (p Policies) of(plan string) hivehub.ExpiredPolicy {
	if policy, ok := p.ByPlan[plan]; ok {
		return policy
	}
	return p.Default
}

// State is how old what this node knows of the hub is, by its own machine and clock.
func (p *Plane) State() hivehub.State {
	state := p.config.Windows.State(time.Now(), p.hub.LastPull())
	if before := p.state.Load(); before == nil || *before != state {
		p.tellState(before, state)
	}
	return state
}

// tellState tells the log of a state that changed; of two who see it, one does.
func (p *Plane) tellState(before *hivehub.State, state hivehub.State) {
	if !p.state.CompareAndSwap(before, &state) {
		return
	}
	level, was := slog.LevelWarn, "unknown"
	if state == hivehub.StateFresh {
		level = slog.LevelInfo
	}
	if before != nil {
		was = string(*before)
	}
	p.logger.Log(context.Background(), level, "this node judges by what it knows of the hub", "from", was, "to", state)
}

// Rule is what an account may go on with now: everything, unless the hub was not heard of for too long. A local account is
// none of the hub's.
func (p *Plane) Rule(account *tenancy.Account) tenancy.ControlRule {
	if account.UserID == "" {
		return tenancy.ControlRule{}
	}
	state := p.State()
	if state != hivehub.StateExpired {
		return tenancy.ControlRule{}
	}
	policy := p.config.Expired.of(account.Plan)
	return tenancy.ControlRule{RefuseReads: !state.AllowsReads(policy), RefuseWrites: !state.AllowsWrites(policy)}
}

// Refused counts a call that a Rule refused.
func (p *Plane) Refused() { p.counts.expiredRefusals.Add(1) }
