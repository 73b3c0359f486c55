package devhub

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/tidwall/btree"

	"github.com/hivellm/nexus/hivehub"
	"github.com/hivellm/nexus/tenancy"
)

// Bounds of the tables, in rows.
const (
	maxUsers       = 100_000
	maxKeysPerUser = 1_000
	maxTokens      = 16 // per user
	maxUsageRows   = 1_000_000
	maxAuditRows   = 10_000
)

type usageID struct{ cluster, user, period string }

type auditID struct{ cluster, node string }

// state is everything the hub knows, made by applying changes in order. The hub's lock guards it.
type state struct {
	users      map[string]*userRow
	emails     map[string]string // email → user
	keys       map[string]*keyRow
	keysOf     map[string][]string // user → key ids in the order they were made
	tokens     map[string]*tokenRow
	tokensOf   map[string][]string // user → hashes, oldest first
	usage      map[usageID]*usageRow
	lastState  map[string]tenancy.Usage // user → the state reported last
	audit      map[auditID]*auditRow
	users4page btree.Map[uint64, string] // place among changes → user
	keys4page  btree.Map[uint64, string] // place among changes → key
	changed    uint64                    // the last place given
}

func newState() *state {
	return &state{
		users: map[string]*userRow{}, emails: map[string]string{}, keys: map[string]*keyRow{}, keysOf: map[string][]string{},
		tokens: map[string]*tokenRow{}, tokensOf: map[string][]string{}, usage: map[usageID]*usageRow{},
		lastState: map[string]tenancy.Usage{}, audit: map[auditID]*auditRow{},
	}
}

// apply makes a change's rows the state. It cannot fail: whoever makes a change has checked it.
func (s *state) apply(c *change) {
	for i := range c.Users {
		s.putUser(&c.Users[i])
	}
	for i := range c.Keys {
		s.putKey(&c.Keys[i])
	}
	for i := range c.Tokens {
		s.putToken(&c.Tokens[i])
	}
	for i := range c.Usage {
		row := &c.Usage[i]
		s.usage[usageID{row.ClusterID, row.UserID, row.Period}] = row
		s.lastState[row.UserID] = row.State
	}
	for i := range c.Audit {
		row := &c.Audit[i]
		s.audit[auditID{row.ClusterID, row.NodeID}] = row
	}
}

func (s *state) putUser(row *userRow) {
	if old := s.users[row.ID]; old != nil {
		s.users4page.Delete(old.Changed)
	}
	s.users[row.ID], s.emails[row.Email] = row, row.ID
	s.users4page.Set(row.Changed, row.ID)
	s.changed = max(s.changed, row.Changed)
}

func (s *state) putKey(row *keyRow) {
	if old := s.keys[row.KeyID]; old != nil {
		s.keys4page.Delete(old.Changed)
	} else {
		s.keysOf[row.UserID] = append(s.keysOf[row.UserID], row.KeyID)
	}
	s.keys[row.KeyID] = row
	s.keys4page.Set(row.Changed, row.KeyID)
	s.changed = max(s.changed, row.Changed)
}

func (s *state) putToken(row *tokenRow) {
	if !row.Gone {
		s.tokens[row.Hash] = row
		s.tokensOf[row.UserID] = append(s.tokensOf[row.UserID], row.Hash)
		return
	}
	delete(s.tokens, row.Hash)
	s.tokensOf[row.UserID] = slices.DeleteFunc(s.tokensOf[row.UserID], func(hash string) bool { return hash == row.Hash })
}

// lines gives the state as the fewest changes that make it, for a rewritten journal. Usage goes in an order in which
// the state reported last is the last of its user.
func (s *state) lines(write func([]byte) error) error {
	put := func(c change) error {
		text, err := json.Marshal(c)
		if err != nil {
			return err
		}
		return write(text)
	}
	var faults []error
	s.users4page.Scan(func(_ uint64, id string) bool {
		faults = append(faults, put(change{Users: []userRow{*s.users[id]}}))
		return true
	})
	for _, id := range slices.Sorted(maps.Keys(s.keysOf)) { // in the order they were made
		for _, key := range s.keysOf[id] {
			faults = append(faults, put(change{Keys: []keyRow{*s.keys[key]}}))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.tokensOf)) {
		for _, hash := range s.tokensOf[id] {
			faults = append(faults, put(change{Tokens: []tokenRow{*s.tokens[hash]}}))
		}
	}
	for _, row := range s.usageRows("") {
		faults = append(faults, put(change{Usage: []usageRow{row}}))
	}
	for _, id := range slices.SortedFunc(maps.Keys(s.audit), func(a, b auditID) int {
		return cmp.Or(cmp.Compare(a.cluster, b.cluster), cmp.Compare(a.node, b.node))
	}) {
		faults = append(faults, put(change{Audit: []auditRow{*s.audit[id]}}))
	}
	return firstOf(faults)
}

func firstOf(faults []error) error {
	for _, err := range faults {
		if err != nil {
			return err
		}
	}
	return nil
}

// usageRows lists what was reported, of one user or, for "", of all: by period, then user, cluster.
func (s *state) usageRows(user string) []usageRow {
	rows := make([]usageRow, 0)
	for _, row := range s.usage {
		if user == "" || row.UserID == user {
			rows = append(rows, *row)
		}
	}
	slices.SortFunc(rows, func(a, b usageRow) int {
		return cmp.Or(cmp.Compare(a.Period, b.Period), cmp.Compare(a.UserID, b.UserID), cmp.Compare(a.ClusterID, b.ClusterID))
	})
	return rows
}

// quota is a user's quota object at now: what was set beside the plan over the plan's limits.
func (s *state) quota(user *userRow, now time.Time) hivehub.Quota {
	plan := planLimits(user.Plan)
	o := user.Overrides
	used := s.lastState[user.ID]
	quota := hivehub.Quota{
		UserID:              user.ID,
		MaxNodes:            o.MaxNodes.Or(plan.MaxNodes),
		MaxRelationships:    o.MaxRelationships.Or(plan.MaxRelationships),
		MaxGraphStorageMB:   o.MaxGraphStorageMB.Or(plan.MaxGraphStorageMB),
		RequestsPerSecond:   o.RequestsPerSecond.Or(plan.RequestsPerSecond),
		Burst:               o.Burst.Or(plan.Burst),
		RequestsPerMonth:    o.RequestsPerMonth.Or(plan.RequestsPerMonth),
		WritesPerMonth:      o.WritesPerMonth.Or(plan.WritesPerMonth),
		MaxDatabases:        o.MaxDatabases.Or(plan.MaxDatabases),
		MaxQueryMs:          o.MaxQueryMs.Or(plan.MaxQueryMs),
		MaxResultRows:       o.MaxResultRows.Or(plan.MaxResultRows),
		MaxQueryMemoryBytes: o.MaxQueryMemoryBytes.Or(plan.MaxQueryMemoryBytes),
		NodesUsed:           hivehub.Figure(used.Nodes),
		RelationshipsUsed:   hivehub.Figure(used.Relationships),
		StorageUsedMB:       hivehub.Figure(used.Bytes) / bytesPerMB,
		LimitVersion:        user.LimitVersion,
		Plan:                user.Plan,
		Status:              user.Status,
		Period:              now.UTC().Format("2006-01"),
		ResetsAt:            nextMonth(now),
	}
	for _, figure := range []struct{ set, show *hivehub.Figure }{
		{o.NodesUsed, &quota.NodesUsed}, {o.RelationshipsUsed, &quota.RelationshipsUsed}, {o.StorageUsedMB, &quota.StorageUsedMB},
	} {
		if figure.set != nil {
			*figure.show = *figure.set
		}
	}
	if o.Period != "" {
		quota.Period = o.Period
	}
	if !o.ResetsAt.IsZero() {
		quota.ResetsAt = o.ResetsAt
	}
	return quota
}

// nextMonth is when the month of now ends.
func nextMonth(now time.Time) time.Time {
	now = now.UTC()
	return time.Date(now.Year(), now.Month()+1, 1, 0, 0, 0, 0, time.UTC)
}
