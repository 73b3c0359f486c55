package tenancy

import (
	_ "embed" // plans.toml
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/pelletier/go-toml/v2"
)

// PlanUnlimited is the plan of a tenant that is made over /admin without one.
const PlanUnlimited = "unlimited"

// plansText is the embedded table of default plans.
//
//go:embed plans.toml
var plansText []byte

// plansTable is plansText, read once. A broken embedded table is a broken program.
var plansTable = sync.OnceValue(func() []Plan {
	plans, err := ParsePlans(plansText)
	if err != nil {
		panic(fmt.Sprintf("embedded plans.toml: %v", err))
	}
	return plans
})

// Plan is a named set of limits, none of them absent.
type Plan struct {
	Name   string
	Limits Limits
}

// Plans lists the embedded plans in their file's order. The slice is the caller's. Plans are read where a command
// is proposed, never in Apply: another version of the program may embed others.
func Plans() []Plan { return slices.Clone(plansTable()) }

// LookupPlan finds an embedded plan by name; the error is an [*UnknownPlanError].
func LookupPlan(name string) (Plan, error) {
	for _, plan := range plansTable() {
		if plan.Name == name {
			return plan, nil
		}
	}
	return Plan{}, &UnknownPlanError{Plan: clip(name)}
}

// ResolveLimits lays explicit limits over those of a plan, PlanUnlimited when the name is "". It gives the plan's
// name and limits of which none is absent.
func ResolveLimits(planName string, explicit Limits) (string, Limits, error) {
	if planName == "" {
		planName = PlanUnlimited
	}
	plan, err := LookupPlan(planName)
	if err != nil {
		return "", Limits{}, err
	}
	return plan.Name, explicit.Over(plan.Limits), nil
}

// UnknownPlanError says that there is no plan of the name.
type UnknownPlanError struct {
	// Plan is what was given, clipped to a bounded length.
	Plan string
}

// Error implements error.
func (e *UnknownPlanError) Error() string {
	names := make([]string, 0, len(plansTable()))
	for _, plan := range plansTable() {
		names = append(names, plan.Name)
	}
	return fmt.Sprintf("unknown plan %q: there are %s", e.Plan, strings.Join(names, ", "))
}

// ParsePlans reads a table of plans: [[plan]] with a name and every limit, each a non-negative integer or "none".
// A missing, unknown or ill-typed field and a repeated name are refused.
func ParsePlans(text []byte) ([]Plan, error) {
	var file struct {
		Plan []map[string]any `toml:"plan"`
	}
	decoder := toml.NewDecoder(strings.NewReader(string(text))).DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		return nil, fmt.Errorf("plans: %w", err)
	}
	plans := make([]Plan, 0, len(file.Plan))
	for _, fields := range file.Plan {
		plan, err := parsePlan(fields)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(plans, func(other Plan) bool { return other.Name == plan.Name }) {
			return nil, fmt.Errorf("plans: %q stands twice", plan.Name)
		}
		plans = append(plans, plan)
	}
	return plans, nil
}

func parsePlan(fields map[string]any) (Plan, error) {
	name, ok := fields["name"].(string)
	if !ok || name == "" || len(name) > MaxPlanName || !printable(name) {
		return Plan{}, fmt.Errorf("plans: a plan without a proper name")
	}
	plan := Plan{Name: name}
	for _, field := range limitFields {
		limit, err := parsePlanLimit(fields[field.name])
		if err != nil {
			return Plan{}, fmt.Errorf("plans: %s: %s: %w", name, field.name, err)
		}
		*field.of(&plan.Limits) = limit
	}
	if len(fields) != len(limitFields)+1 {
		return Plan{}, fmt.Errorf("plans: %s: a field that is no limit", name)
	}
	return plan, nil
}

func parsePlanLimit(value any) (Limit, error) {
	switch value := value.(type) {
	case int64:
		if value < 0 {
			return Limit{}, fmt.Errorf("%d is negative", value)
		}
		return LimitOf(uint64(value)), nil
	case string:
		if value == "none" {
			return NoLimit(), nil
		}
	case nil:
		return Limit{}, fmt.Errorf("missing")
	}
	return Limit{}, fmt.Errorf("%v is neither a non-negative integer nor \"none\"", value)
}
