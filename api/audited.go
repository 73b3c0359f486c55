package api

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hivellm/nexus/api/audit"
	"github.com/hivellm/nexus/api/wire"
	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/raft/peer"
	"github.com/hivellm/nexus/scripts/planted"
	"github.com/hivellm/nexus/tenancy"
)

// Peer methods: records of a node's audit log, and its head.
const (
	methodAudit     = "api.audit"
	methodAuditHead = "api.audit_head"
)

// Names of what is recorded besides functions.
const (
	actAuthenticate = "authenticate"
	actLeadership   = "leadership"
)

const (
	// strangersPerSecond is how many failed authentications are recorded one by one; those beyond are recorded as a number,
	// so that a stranger cannot push a log's history out of its files.
	strangersPerSecond = 20
	// headsEvery paces the notes of the nodes' heads in the cluster's log.
	headsEvery = 10 * time.Second
	// maxAuditPage bounds one page of records.
	maxAuditPage = audit.MaxPage
	// defaultAuditPage is a page where nothing is asked.
	defaultAuditPage = 100
	// maxCursor bounds the text of a cursor.
	maxCursor = 16 << 10
)

// strangers counts failed authentications of the second under way.
type strangers struct {
	mu      sync.Mutex // guards all below
	second  int64
	count   int
	dropped int64 // since they were last recorded as a number
}

// one tells whether one more is recorded by itself.
func (s *strangers) one(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if second := now.Unix(); second != s.second {
		s.second, s.count = second, 0
	}
	if s.count++; s.count <= strangersPerSecond {
		return true
	}
	s.dropped++
	return false
}

func (s *strangers) take() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	dropped := s.dropped
	s.dropped = 0
	return dropped
}

// Audited asks whether an act of the function may begin: not while its record could not be written. Looking at a node's
// health and steering the cluster go on. Errors are *Error.
func (s *Service) Audited(f tenancy.Function) error {
	if s.audit == nil || steering[f] {
		return nil
	}
	if err := s.audit.Check(); err != nil {
		return Refuse(CodeOverloaded, "audit: this node's audit log cannot be written, and nothing begins that would not be recorded")
	}
	return nil
}

// quiet are functions whose successful use is not recorded: probes come every second and change nothing.
var quiet = map[string]bool{tenancy.FunctionHealthRead.Name(): true, tenancy.FunctionMetricsRead.Name(): true}

// Record records an act that is over. It may wait for the log's queue.
func (s *Service) Record(r audit.Record) {
	switch {
	case s.audit == nil:
		return
	case r.Outcome == audit.OK && quiet[r.Function]:
		return
	case r.Outcome == audit.Denied && planted.On("denial-not-audited"):
		return
	case r.Function == actAuthenticate && !s.strangers.one(r.Time):
		return
	}
	if err := s.audit.Append(r); err != nil {
		s.logger.Error("an act was not recorded: the audit log is closed", "function", r.Function, "request_id", r.RequestID)
	}
}

// Denial makes the record of a refused credential.
func Denial(credential string) audit.Record {
	r := audit.Record{Function: actAuthenticate, Rows: -1}
	if key, err := tenancy.ParseKey(credential); err == nil {
		r.KeyID = key.ID
	}
	return r
}

// OutcomeOf tells how an act ended by its error: denied where credentials, rights, status, rates or quotas stood against it.
func OutcomeOf(err *Error) (audit.Outcome, string) {
	if err == nil {
		return audit.OK, ""
	}
	switch err.Traits().Status {
	case 401, 403, 429:
		return audit.Denied, string(err.Code)
	}
	return audit.Failed, string(err.Code)
}

// keepAudit records, until ctx ends, what no request stands for.
func (s *Service) keepAudit(ctx context.Context) {
	if s.audit == nil {
		return
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			s.recordStrangers()
			return
		}
		s.recordStrangers()
	}
}

// recordStrangers records how many failed authentications had no record of their own.
func (s *Service) recordStrangers() {
	if n := s.strangers.take(); n > 0 {
		s.act(audit.Record{Function: actAuthenticate, Outcome: audit.Denied, Code: string(CodeInvalidToken), Object: "more of the same", Rows: n})
	}
}

// act records something that this node did by itself.
func (s *Service) act(r audit.Record) {
	if s.audit == nil {
		return
	}
	r.Time = time.Now()
	if err := s.audit.Append(r); err != nil {
		s.logger.Error("an act was not recorded: the audit log is closed", "function", r.Function)
	}
}

func (s *Service) recordLeadership(what string, term uint64) {
	s.act(audit.Record{Function: actLeadership, Outcome: audit.OK, Object: fmt.Sprintf("%s term %d", what, term), Rows: -1})
}

// auditHead is a node's head on its way to the leader.
type auditHead struct {
	NodeID string
	Seq    uint64
	Hash   string // hexadecimal
}

func (s *Service) ownAuditHead(context.Context) (auditHead, error) {
	if s.audit == nil {
		return auditHead{NodeID: s.node.Self().ID}, nil
	}
	head := s.audit.Head()
	return auditHead{s.node.Self().ID, head.Seq, head.Hash}, nil
}

// noteHeads puts the nodes' heads into the log of the cluster, while this node leads: a node's log that ends before its
// head was cut short.
func (s *Service) noteHeads(ctx context.Context) {
	tick := time.NewTicker(s.auditHeadsEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if err := s.noteHeadsOnce(ctx); err != nil && ctx.Err() == nil {
			s.logger.Warn("the heads of the audit logs were not noted", "error", err)
		}
	}
}

func (s *Service) noteHeadsOnce(ctx context.Context) error {
	answers, _ := everyNode(ctx, s, methodAuditHead, nil, s.ownAuditHead)
	known := map[string]uint64{}
	for _, h := range s.machine.AuditHeads() {
		known[h.NodeID] = h.Seq
	}
	var heads []fsm.AuditHead
	for _, a := range answers {
		var hash fsm.AuditHash
		if n, err := hex.Decode(hash[:], []byte(a.Hash)); a.Seq <= known[a.NodeID] || err != nil || n != len(hash) {
			continue // nothing new
		}
		heads = append(heads, fsm.AuditHead{NodeID: a.NodeID, Seq: a.Seq, Hash: hash})
	}
	if len(heads) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, markTimeout)
	defer cancel()
	_, err := s.command(ctx, func(h fsm.Header) fsm.Command { return &fsm.AuditHeads{Header: h, Heads: heads} })
	return err
}

// AuditQuery asks for records: those behind a cursor, or from an instant on, the oldest first.
type AuditQuery struct {
	// Since is a cursor of an earlier page or an instant of RFC 3339; "" begins with the oldest record that is kept.
	Since string
	// Limit is at most 1000; 0 = 100.
	Limit int
	// Tenant leaves only one tenant's records. For a tenant's own question it is always the tenant.
	Tenant string
}

// AuditPage is a part of what all nodes recorded, by time.
type AuditPage struct {
	Entries []audit.Entry
	// Next goes on behind this page.
	Next string
	// Missing names the nodes that did not reply: what they recorded is not here, and comes with Next once they do.
	Missing []string
}

// Audit reads a tenant's own records, or as an administrator all of them. Errors are *Error.
func (s *Service) Audit(ctx context.Context, p tenancy.Principal, q AuditQuery) (AuditPage, error) {
	if err := s.Allow(p, tenancy.FunctionAuditRead); err != nil {
		return AuditPage{}, err
	}
	q.Tenant = p.Tenant().String()
	return s.auditPage(ctx, q)
}

// AuditAll is Audit for an administrator. Errors are *Error.
func (s *Service) AuditAll(ctx context.Context, p tenancy.Principal, q AuditQuery) (AuditPage, error) {
	if err := s.Allow(p, tenancy.FunctionAuditAdmin); err != nil {
		return AuditPage{}, err
	}
	return s.auditPage(ctx, q)
}

// auditRequest asks one node. From has the sequence number to go on from, by node id.
type auditRequest struct {
	Tenant  string
	From    map[string]uint64
	SinceMs int64
	Limit   int
}

// auditAnswer is one node's.
type auditAnswer struct {
	NodeID string
	Page   audit.Page
}

func (s *Service) auditPage(ctx context.Context, q AuditQuery) (AuditPage, error) {
	request := auditRequest{Tenant: q.Tenant, Limit: cmp.Or(q.Limit, defaultAuditPage)}
	if request.Limit < 0 || request.Limit > maxAuditPage {
		return AuditPage{}, Refuse(CodeBadRequest, "limit must be 1 to %d", maxAuditPage)
	}
	if at, err := time.Parse(time.RFC3339Nano, q.Since); err == nil {
		request.SinceMs = at.UnixMilli()
	} else if request.From, err = openCursor(q.Since); err != nil {
		return AuditPage{}, Refuse(CodeBadRequest, "since is neither an instant of RFC 3339 nor a page's next")
	}
	encoded, err := wire.Marshal(&request)
	if err != nil {
		return AuditPage{}, s.explain(fmt.Errorf("encode a question for records: %w", err))
	}
	answers, missing := everyNode(ctx, s, methodAudit, encoded, func(context.Context) (auditAnswer, error) { return s.readAudit(request) })
	page := AuditPage{Missing: missing}
	type placed struct {
		entry audit.Entry
		node  string
	}
	var all []placed
	next := map[string]uint64{}
	for node, from := range request.From {
		next[node] = from
	}
	for _, a := range answers {
		next[a.NodeID] = a.Page.Next
		for _, e := range a.Page.Entries {
			all = append(all, placed{e, a.NodeID})
		}
	}
	slices.SortStableFunc(all, func(a, b placed) int {
		return cmp.Or(a.entry.Time.Compare(b.entry.Time), strings.Compare(a.node, b.node), cmp.Compare(a.entry.Seq, b.entry.Seq))
	})
	taken := min(len(all), request.Limit)
	for _, one := range all[:taken] {
		page.Entries = append(page.Entries, one.entry)
	}
	for _, one := range all[taken:] { // go on with the first one left out of each node
		next[one.node] = min(next[one.node], one.entry.Seq)
	}
	page.Next, err = sealCursor(next)
	if err != nil {
		return AuditPage{}, s.explain(err)
	}
	return page, nil
}

func (s *Service) readAudit(q auditRequest) (auditAnswer, error) {
	answer := auditAnswer{NodeID: s.node.Self().ID}
	if s.audit == nil {
		return answer, nil
	}
	filter := audit.Filter{TenantID: q.Tenant}
	if q.SinceMs > 0 {
		filter.Since = time.UnixMilli(q.SinceMs)
	}
	page, err := s.audit.Read(q.From[answer.NodeID], filter, q.Limit)
	answer.Page = page
	return answer, err
}

func (s *Service) serveAudit(_ context.Context, _ string, request []byte) ([]byte, error) {
	var q auditRequest
	if err := wire.Unmarshal(request, &q); err != nil {
		return nil, peer.Refuse(peer.CodeRefused, "a question for records that cannot be decoded: %v", err)
	}
	answer, err := s.readAudit(q)
	if err != nil {
		return nil, err
	}
	return wire.Marshal(&answer)
}

func (s *Service) serveAuditHead(ctx context.Context, _ string, _ []byte) ([]byte, error) {
	head, err := s.ownAuditHead(ctx)
	if err != nil {
		return nil, err
	}
	return wire.Marshal(&head)
}

func sealCursor(next map[string]uint64) (string, error) {
	encoded, err := wire.Marshal(next)
	return base64.RawURLEncoding.EncodeToString(encoded), err
}

func openCursor(text string) (map[string]uint64, error) {
	if text == "" {
		return nil, nil
	}
	if len(text) > maxCursor {
		return nil, errors.New("a cursor that is too long")
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	var next map[string]uint64
	return next, wire.Unmarshal(raw, &next)
}

// AuditHeads reads what the cluster's log knows of the nodes' audit logs, and the chain over administrative commands that
// all nodes keep. Errors are *Error.
func (s *Service) AuditHeads(p tenancy.Principal) (heads []fsm.AuditHead, seq uint64, chain fsm.AuditHash, err error) {
	if err := s.Allow(p, tenancy.FunctionAuditAdmin); err != nil {
		return nil, 0, chain, err
	}
	seq, chain = s.machine.AdminChain()
	return s.machine.AuditHeads(), seq, chain, nil
}
