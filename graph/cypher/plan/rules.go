package plan

// Rules is a set of rules that a plan may follow.
type Rules uint32

// The rules, in the order in which they are tried.
const (
	// RuleStartByCounts begins a pattern at the node with the fewest candidates instead of the leftmost one.
	RuleStartByCounts Rules = 1 << iota
	// RuleLabelScan visits only the nodes with a label.
	RuleLabelScan
	// RuleIndexSeek visits only what an index has for equal values, and RuleIndexIn for one of several.
	RuleIndexSeek
	RuleIndexIn
	// RuleIndexRange visits only what an index has between bounds.
	RuleIndexRange
	// RuleExpandInto takes relationships between two known nodes before those that find new ones.
	RuleExpandInto
	// RulePushFilters checks each condition as early as it can be.
	RulePushFilters
	// RuleTopK keeps no more sorted rows than LIMIT lets through.
	RuleTopK
	// RuleCount answers the count of a label, a type or all from the graph's figures.
	RuleCount
	// RuleNodeByID looks a node up by its id or elementId.
	RuleNodeByID
	// RuleTypeScan begins a pattern at the relationships of a type where they are fewer than the nodes to begin at.
	RuleTypeScan
	// RuleIndexComposite uses an index of several properties where not all of them equal a value.
	RuleIndexComposite
	// RuleIndexPrefix visits only what an index has of texts that begin with one.
	RuleIndexPrefix
	// RuleIndexExists visits only what an index has at all.
	RuleIndexExists
	// RuleIndexOrder walks an index in the order that ORDER BY asks for instead of sorting.
	RuleIndexOrder
	// RuleIndexEdge takes min and max from the ends of an index.
	RuleIndexEdge
	// RuleRelationshipIndex begins a pattern at what an index has of relationships.
	RuleRelationshipIndex
	endOfRules
)

// AllRules is every rule.
const AllRules = endOfRules - 1

// RuleNames are the names of the rules, in the order of their bits.
var RuleNames = []string{
	"start-by-counts", "label-scan", "index-seek", "index-in", "index-range", "expand-into", "push-filters", "top-k", "count",
	"node-by-id", "type-scan", "index-composite", "index-prefix", "index-exists", "index-order", "index-min-max", "relationship-index",
}

func (r Rules) has(rule Rules) bool { return r&rule != 0 }
