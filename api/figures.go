package api

import (
	"slices"

	"github.com/hivellm/nexus/hivehub"
)

// Figure is one number of a node, as a door shows it. Names and labels are Prometheus's.
type Figure struct {
	Name, Help string
	// Counter only grows while the node runs; else the figure is a gauge.
	Counter bool
	// Label and Of tell figures of one name apart; "" without.
	Label, Of string
	Value     float64
}

// Figures tells how this node is: from its own memory, without a call to another node or a look at the disk, and without
// loading anything.
func (s *Service) Figures() []Figure {
	return slices.Concat(s.groupFigures(), s.queryFigures(), s.memoryFigures(), s.auditFigures(), s.controlFigures())
}

func (s *Service) groupFigures() []Figure {
	leading := s.lanes.Term() != 0
	_, known := s.node.Leader()
	age, measured := s.node.Freshness()
	staleness := -1.0
	if measured {
		staleness = age.Seconds()
	}
	return []Figure{
		{Name: "nexus_raft_term", Help: "Term of the last TermStart that this node applied.", Value: float64(s.machine.AppliedTerm())},
		{Name: "nexus_raft_applied_index", Help: "Index of the last log entry that this node applied.", Value: float64(s.machine.Applied())},
		{Name: "nexus_raft_leading", Help: "1 while this node leads and its lanes are open.", Value: oneIf(leading)},
		{Name: "nexus_raft_leader_known", Help: "1 while this node knows of a leader.", Value: oneIf(known)},
		{Name: "nexus_registry_age_seconds", Help: "How old this node's tenants and keys may be; -1 before it was measured.", Value: staleness},
		{Name: "nexus_draining", Help: "1 while this node takes no new work.", Value: oneIf(s.draining())},
		{Name: "nexus_requests_under_way", Help: "Requests of clients and of other nodes under way.", Value: float64(s.work.requests.Load())},
		{Name: "nexus_transactions_open", Help: "Open transactions of several statements.", Value: float64(s.txs.Count())},
		{Name: "nexus_tenants", Help: "Tenants in this node's registry.", Value: float64(len(s.machine.Registry().Tenants()))},
		{Name: "nexus_admin_chain_records_total", Help: "Administrative commands in the replicated chain.", Counter: true, Value: s.adminSeq()},
	}
}

func (s *Service) adminSeq() float64 {
	seq, _ := s.machine.AdminChain()
	return float64(seq)
}

func (s *Service) queryFigures() []Figure {
	f := s.running.Figures()
	return []Figure{
		{Name: "nexus_queries_running", Help: "Queries under way, those sent to the leader included.", Value: float64(f.Running)},
		{Name: "nexus_queries_queued", Help: "Queries that wait in their tenant's queue.", Value: float64(f.Queued)},
		{Name: "nexus_queries_long_running", Help: "Long queries that hold a turn.", Value: float64(f.LongRunning)},
		{Name: "nexus_queries_long_waiting", Help: "Long queries that wait for a turn.", Value: float64(f.LongWaiting)},
		{Name: "nexus_queries_memory_bytes", Help: "What queries hold, as the evaluator estimates it.", Value: float64(f.MemoryBytes)},
		{Name: "nexus_queries_started_total", Help: "Queries begun.", Counter: true, Value: float64(f.Started)},
		{Name: "nexus_queries_ended_total", Help: "Queries ended from outside, by reason.", Counter: true, Label: "reason", Of: "killed", Value: float64(f.Killed)},
		{Name: "nexus_queries_ended_total", Help: "Queries ended from outside, by reason.", Counter: true, Label: "reason", Of: "revoked", Value: float64(f.Revoked)},
		{Name: "nexus_queries_ended_total", Help: "Queries ended from outside, by reason.", Counter: true, Label: "reason", Of: "node_memory", Value: float64(f.OverMemory)},
		{Name: "nexus_queries_ended_total", Help: "Queries ended from outside, by reason.", Counter: true, Label: "reason", Of: "limit", Value: float64(s.limited.Load())},
		{Name: "nexus_queries_refused_total", Help: "Queries refused as their tenant's queue was full.", Counter: true, Value: float64(f.Refused)},
		{Name: "nexus_queries_waited_total", Help: "Queries that waited for a place.", Counter: true, Value: float64(f.Waited)},
		{Name: "nexus_plan_cache_entries", Help: "Prepared queries that are kept.", Value: float64(s.plans.Len())},
	}
}

func (s *Service) memoryFigures() []Figure {
	return []Figure{
		{Name: "nexus_resident_bytes", Help: "What databases take in memory, as estimated.", Value: float64(s.machine.ResidentBytes())},
	}
}

func (s *Service) auditFigures() []Figure {
	if s.audit == nil {
		return nil
	}
	return []Figure{
		{Name: "nexus_audit_records_total", Help: "Records in this node's audit log since its beginning.", Counter: true, Value: float64(s.audit.Head().Seq)},
		{Name: "nexus_audit_queued", Help: "Records that wait to be written.", Value: float64(s.audit.Waiting())},
		{Name: "nexus_audit_failures_total", Help: "How often the disk refused records.", Counter: true, Value: float64(s.audit.Failures())},
		{Name: "nexus_audit_refusing", Help: "1 while requests are refused as they could not be recorded.", Value: oneIf(s.audit.Check() != nil)},
	}
}

func oneIf(holds bool) float64 {
	if holds {
		return 1
	}
	return 0
}

func (s *Service) controlFigures() []Figure {
	if s.control == nil {
		return nil
	}
	hub, own := s.control.Counts()
	state := s.control.State()
	var list []Figure
	for _, one := range []hivehub.State{hivehub.StateFresh, hivehub.StateStale, hivehub.StateExpired} {
		list = append(list, Figure{Name: "nexus_hub_state", Help: "1 for the state of what is known of the hub.", Label: "state", Of: string(one), Value: oneIf(one == state)})
	}
	for _, one := range []struct {
		name, help string
		value      uint64
	}{
		{"nexus_hub_pulls_total", "Pulls that brought everything, by this node as the leader.", hub.Pulls},
		{"nexus_hub_pull_failures_total", "Pulls that failed.", hub.PullFailures},
		{"nexus_hub_users_changed_total", "Users that pulls changed.", hub.Users},
		{"nexus_hub_keys_changed_total", "Keys that pulls changed.", hub.Keys},
		{"nexus_hub_rows_refused_total", "Rows of the hub that could not be used.", hub.Refused},
		{"nexus_hub_reports_total", "Usage reports that the hub took.", hub.Reports},
		{"nexus_hub_report_failures_total", "Usage reports that it did not take; they stay in the outbox.", hub.ReportFailures},
		{"nexus_hub_keys_learned_total", "Keys learned by a question of their own.", hub.Learned},
		{"nexus_hub_keys_unknown_total", "Questions for keys that the hub does not know either.", hub.Unknown},
		{"nexus_hub_events_total", "Signed events acted on.", own.Events},
		{"nexus_hub_events_refused_total", "Events refused.", own.EventsRefused},
		{"nexus_hub_expired_refusals_total", "Calls refused as the last pull is too old.", own.ExpiredRefusals},
	} {
		list = append(list, Figure{Name: one.name, Help: one.help, Counter: true, Value: float64(one.value)})
	}
	return list
}
