package hivehub

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// fakeMachine is a machine and a proposer in one: it applies changes by the rules that the real one applies them by.
type fakeMachine struct {
	mu       sync.Mutex
	cursors  Cursors
	pulled   time.Time
	users    map[string]UserRow
	keys     map[string]KeyRow
	outbox   map[OutboxPlace]UsageReport
	acked    map[OutboxPlace]uint64
	changes  []Change
	refuse   error // what Propose fails with, after applying nothing
	loseAcks bool  // Propose fails although it applied
}

func newFakeMachine() *fakeMachine {
	return &fakeMachine{users: map[string]UserRow{}, keys: map[string]KeyRow{}, outbox: map[OutboxPlace]UsageReport{}, acked: map[OutboxPlace]uint64{}}
}

func (m *fakeMachine) Cursors() Cursors { m.mu.Lock(); defer m.mu.Unlock(); return m.cursors }

func (m *fakeMachine) LastPull() time.Time { m.mu.Lock(); defer m.mu.Unlock(); return m.pulled }

func (m *fakeMachine) User(id string) (UserRow, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	row, ok := m.users[id]
	return row, ok
}

func (m *fakeMachine) Key(id string) (KeyRow, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	row, ok := m.keys[id]
	return row, ok
}

func (m *fakeMachine) Outbox(after OutboxPlace, limit int) []UsageReport {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []UsageReport
	compare := func(a, b OutboxPlace) int {
		return cmp.Or(cmp.Compare(a.UserID, b.UserID), cmp.Compare(a.Period, b.Period))
	}
	for _, place := range slices.SortedFunc(maps.Keys(m.outbox), compare) {
		if report := m.outbox[place]; compare(place, after) > 0 && report.Seq > m.acked[place] && len(list) < limit {
			list = append(list, report)
		}
	}
	return list
}

func (m *fakeMachine) PeriodsOver(now time.Time, limit int) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []string
	for _, id := range slices.Sorted(maps.Keys(m.users)) {
		if at := m.users[id].ResetsAtMs; at != 0 && at <= now.UnixMilli() && len(list) < limit {
			list = append(list, id)
		}
	}
	return list
}

func (m *fakeMachine) Propose(_ context.Context, change Change) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refuse != nil {
		return m.refuse
	}
	m.changes = append(m.changes, change)
	for _, row := range change.Users {
		if known, ok := m.users[row.UserID]; ok {
			row = row.Over(known)
		}
		m.users[row.UserID] = row
	}
	for _, row := range change.Keys {
		if known, ok := m.keys[row.KeyID]; ok {
			row, _ = row.Follow(known)
		}
		if _, ok := m.users[row.UserID]; !ok {
			return errors.New("a key of an unknown user was proposed")
		}
		m.keys[row.KeyID] = row
	}
	if move := change.UsersMove; move != nil && m.cursors.Users == move.From {
		m.cursors.Users = move.To
	}
	if move := change.KeysMove; move != nil && m.cursors.Keys == move.From {
		m.cursors.Keys = move.To
	}
	if change.PulledAt.After(m.pulled) {
		m.pulled = change.PulledAt
	}
	for _, ack := range change.Acks {
		place := OutboxPlace{ack.UserID, ack.Period}
		m.acked[place] = max(m.acked[place], ack.Seq)
	}
	if m.loseAcks && len(change.Acks) > 0 {
		return errors.New("outcome unknown")
	}
	return nil
}

// spend raises what a user used, as a settled lease does.
func (m *fakeMachine) spend(user, period string, requests uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	place := OutboxPlace{user, period}
	report := m.outbox[place]
	report.ClusterID, report.UserID, report.Period = "c1", user, period
	report.Seq++
	report.Totals.Requests += requests
	m.outbox[place] = report
}

// log lists the changes that were proposed.
func (m *fakeMachine) log() []Change {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.changes)
}

// size counts users and keys.
func (m *fakeMachine) size() [2]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return [2]int{len(m.users), len(m.keys)}
}

func (m *fakeMachine) waiting() int { return len(m.Outbox(OutboxPlace{}, 1_000_000)) }
