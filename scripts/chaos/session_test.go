package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/hivellm/nexus/scripts/cluster"
)

// What a CONFLICT speaks of.
const (
	conflictRead = "read"
	conflictLost = "lost"
)

// errGivenUp ends a session whose transaction will not be committed.
var errGivenUp = errors.New("given up")

// session is one transaction on its way: each step may go to another node.
type session struct {
	*deed
	w      *world
	random *rand.Rand
	tx     *cluster.Tx
	at     int
}

func (s *session) node() *cluster.Node {
	s.at++
	return s.w.c.Nodes[s.at%len(s.w.c.Nodes)]
}

// kinds of deeds, as often as they stand here.
var deedKinds = []struct {
	kind string
	play func(*session, context.Context) error
}{
	{"transfer", (*session).transfer}, {"transfer", (*session).transfer}, {"transfer", (*session).transfer},
	{"skew", (*session).skew}, {"skew", (*session).skew}, {"count", (*session).countUp},
	{"snapshot", (*session).snapshot}, {"claim", (*session).claim}, {"duty", (*session).duty},
	{"book", (*session).book}, {"book", (*session).book},
}

// play does one deed. An error is a broken promise, or says that the check cannot go on.
func (s *session) play(ctx context.Context) error {
	chosen := deedKinds[s.random.IntN(len(deedKinds))]
	s.kind = chosen.kind
	spec := cluster.TxSpec{Database: s.w.database, TimeoutMs: txIdleMs}
	if s.kind == "snapshot" {
		spec.AccessMode = "read"
	}
	tx, answer, err := s.w.k.Begin(ctx, s.node(), spec)
	if tx == nil {
		return s.bearable(answer, err)
	}
	s.tx = tx
	err = chosen.play(s, ctx)
	if err == nil && s.kind != "snapshot" {
		s.writes["log of "+s.name] = true
		s.reads["log of "+s.name] = s.w.start()
		_, err = s.run(ctx, "CREATE (:Log {by: $by})", map[string]any{"by": s.name})
	}
	switch {
	case errors.Is(err, errGivenUp):
		_, _, _ = s.tx.Rollback(ctx, s.node()) // as well as it goes: else it expires
		return nil
	case err != nil:
		return err
	}
	return s.commit(ctx)
}

// bearable: a begin or a statement may be told that the cluster cannot now, or be cut off.
func (s *session) bearable(answer *cluster.Answer, err error) error {
	if err != nil || answer.Problem == nil || answer.Problem.Status == 503 || answer.Problem.Code == "UNKNOWN_OUTCOME" {
		return nil
	}
	return violation("%v", answer.Err())
}

// run runs a statement; errGivenUp where the transaction cannot go on.
func (s *session) run(ctx context.Context, text string, parameters map[string]any) ([][]any, error) {
	answer, outcome, err := s.tx.Run(ctx, s.node(), cluster.Query{Text: text, Parameters: parameters, TimeoutMs: operationMs})
	switch {
	case outcome == cluster.Done:
		return answer.Rows()
	case err == nil && answer.Problem.Code == "CONFLICT":
		if err := s.refused(ctx, answer); err != nil {
			return nil, err
		}
		return nil, errGivenUp
	case err == nil && answer.Problem.Code == "QUERY_LIMIT_EXCEEDED": // its time was over
		return nil, errGivenUp
	}
	if err := s.bearable(answer, err); err != nil {
		return nil, fmt.Errorf("%s: %w", text, err)
	}
	return nil, errGivenUp
}

// look notes the versions that a statement shows: rows of item and version.
func (s *session) look(ctx context.Context, text string, parameters map[string]any) ([][]any, error) {
	rows, err := s.run(ctx, text, parameters)
	for _, row := range rows {
		item, version := "account "+fmt.Sprint(row[0]), fmt.Sprint(row[1])
		if !strings.HasPrefix(version, s.w.name+"/") {
			return nil, violation("%s shows %s, which is another world's", text, version)
		}
		if seen, again := s.reads[item]; again && seen != version {
			return nil, violation("%s was %s and is %s in one transaction", item, seen, version)
		}
		s.reads[item] = version
	}
	return rows, err
}

func (s *session) two() (a, b int) {
	a = s.random.IntN(worldAccounts)
	return 1 + a, 1 + (a+1+s.random.IntN(worldAccounts-1))%worldAccounts
}

func (s *session) lookAt(ctx context.Context, accounts ...int) error {
	for _, a := range accounts {
		rows, err := s.look(ctx, "MATCH (a:Account {id: $id}) RETURN a.id, a.v", map[string]any{"id": a})
		if err != nil {
			return err
		}
		if len(rows) != 1 {
			return violation("account %d is there %d times", a, len(rows))
		}
	}
	return nil
}

func (s *session) write(ctx context.Context, account, amount, ups int) error {
	s.writes[fmt.Sprint("account ", account)] = true
	_, err := s.run(ctx, "MATCH (a:Account {id: $id}) SET a.balance = a.balance + $amount, a.n = a.n + $ups, a.v = $v",
		map[string]any{"id": account, "amount": amount, "ups": ups, "v": s.name})
	return err
}

func (s *session) transfer(ctx context.Context) error {
	a, b := s.two()
	if err := s.lookAt(ctx, a, b); err != nil {
		return err
	}
	amount := 1 + s.random.IntN(9)
	if err := s.write(ctx, a, -amount, 0); err != nil {
		return err
	}
	return s.write(ctx, b, amount, 0)
}

// skew reads two and writes one.
func (s *session) skew(ctx context.Context) error {
	a, b := s.two()
	if err := s.lookAt(ctx, a, b); err != nil {
		return err
	}
	return s.write(ctx, a, 0, 0)
}

func (s *session) countUp(ctx context.Context) error {
	a, _ := s.two()
	if err := s.lookAt(ctx, a); err != nil {
		return err
	}
	return s.write(ctx, a, 0, 1)
}

// snapshot looks at all twice, in two statements: the same each time, and no money on its way.
func (s *session) snapshot(ctx context.Context) error {
	for range 2 {
		rows, err := s.look(ctx, "MATCH (a:Account) RETURN a.id, a.v, a.balance", nil)
		if err != nil {
			return err
		}
		sum := 0
		for _, row := range rows {
			var balance int
			if _, err := fmt.Sscan(fmt.Sprint(row[2]), &balance); err != nil {
				return err
			}
			sum += balance
		}
		if len(rows) != worldAccounts || sum != worldAccounts*worldBalance {
			return violation("a snapshot shows %d accounts with %d", len(rows), sum)
		}
	}
	return nil
}

// claim takes a slot that nobody has: two that see it free must not both have it.
func (s *session) claim(ctx context.Context) error {
	slot := s.w.slot.Load()
	item := fmt.Sprint("slot ", slot)
	rows, err := s.run(ctx, "MATCH (c:Claim {slot: $slot}) RETURN c.by", map[string]any{"slot": slot})
	switch {
	case err != nil:
		return err
	case len(rows) > 1:
		return violation("slot %d is taken %d times", slot, len(rows))
	case len(rows) == 1:
		s.reads[item] = fmt.Sprint(rows[0][0])
		s.w.slot.CompareAndSwap(slot, slot+1)
		return nil
	}
	s.reads[item], s.writes[item] = s.w.start(), true
	_, err = s.run(ctx, "CREATE (:Claim {slot: $slot, by: $by})", map[string]any{"slot": slot, "by": s.name})
	return err
}

// book takes the second place of a room whose first is taken from the start: two that find one booking in the room's
// range must not both add another.
func (s *session) book(ctx context.Context) error {
	next := s.w.room.Load()
	room := min(next, worldRooms-1)
	item, at := fmt.Sprint("room ", room), room*roomWidth
	rows, err := s.run(ctx, "MATCH (b:Booking) WHERE b.at >= $from AND b.at < $to RETURN b.by ORDER BY b.at",
		map[string]any{"from": at, "to": at + roomWidth})
	switch {
	case err != nil:
		return err
	case len(rows) == 0 || len(rows) > 2 || fmt.Sprint(rows[0][0]) != s.w.start():
		return violation("room %d for two holds %v", room, rows)
	case len(rows) == 2:
		s.reads[item] = fmt.Sprint(rows[1][0])
		s.w.room.CompareAndSwap(next, room+1)
		return nil
	}
	s.reads[item], s.writes[item] = s.w.start(), true
	_, err = s.run(ctx, "CREATE (:Booking {at: $at, by: $by})", map[string]any{"at": at + 1 + int64(s.random.IntN(roomWidth-1)), "by": s.name})
	return err
}

// duty lets a doctor go where another stays, and calls one where one is alone: somebody always has duty.
func (s *session) duty(ctx context.Context) error {
	rows, err := s.run(ctx, "MATCH (d:Doctor) WHERE d.duty >= 1 RETURN d.id", nil)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return violation("no doctor has duty")
	}
	if len(rows) > 1 {
		_, err = s.run(ctx, "MATCH (d:Doctor) WHERE d.duty >= 1 AND d.id = $id SET d.duty = 0", map[string]any{"id": rows[s.random.IntN(len(rows))][0]})
		return err
	}
	_, err = s.run(ctx, "MATCH (d:Doctor) WHERE d.id > 0 SET d.duty = 1", nil)
	return err
}

// commit sends the commit, from node to node, until it is answered for good (R14).
func (s *session) commit(ctx context.Context) error {
	s.fate = deedUnknown
	for until := time.Now().Add(commitPatience); time.Now().Before(until) && ctx.Err() == nil; {
		answer, outcome, err := s.tx.Commit(ctx, s.node())
		switch {
		case outcome == cluster.Done:
			s.fate = deedCommitted
			return nil
		case err == nil && answer.Problem.Code == "CONFLICT":
			s.fate = deedRefused
			return s.refused(ctx, answer)
		case err == nil && answer.Problem.Status != 503 && answer.Problem.Code != "UNKNOWN_OUTCOME":
			return violation("commit: %v", answer.Err())
		}
		pause(ctx)
	}
	return nil
}

// refused notes what a conflict speaks of. That leadership moved must be so: a later term than was known before the begin.
func (s *session) refused(ctx context.Context, answer *cluster.Answer) error {
	detail := answer.Problem.Detail
	switch {
	case strings.Contains(detail, "was changed since it began"):
		s.conflict = conflictRead
		if s.kind == "snapshot" {
			return violation("one that only reads is in conflict: %s", detail)
		}
		return nil
	case strings.Contains(detail, "leadership moved"):
		s.conflict = conflictLost
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		if cluster.Until(ctx, "a later term", func() (bool, error) { return s.w.terms.look(ctx) > s.term, ctx.Err() }) != nil {
			return violation("told %q, and the term is still %d", detail, s.term)
		}
		return nil
	}
	return violation("a CONFLICT of which nothing is known: %s", detail)
}
