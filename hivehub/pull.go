package hivehub

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// MaxChangeRows bounds the rows of one change.
	MaxChangeRows = 1_000
	// maxPages bounds the pages of one pull; the next goes on where it ended.
	maxPages = 1_000
	// maxPeriods bounds the users that one pull asks about because their period ended.
	maxPeriods = 100
	// maxLoggedRows bounds how many refused rows of one page the log is told of one by one.
	maxLoggedRows = 10
	// marksPerWindow: a whole pull is written down when the last one written is older than this part of the fresh
	// window, so that an idle cluster's log gets an entry every 20 s and not one a poll.
	marksPerWindow = 3
)

// errManyPages says that a pull ended before the hub's changes did.
var errManyPages = errors.New("the hub has more pages of changes than one pull takes")

// pull brings all changes of users, then keys, then periods that ended. Users come first: a key made meanwhile may
// belong to a user made meanwhile, who is asked for by name.
func (r *Reconciler) pull(ctx context.Context) error {
	began := time.Now()
	if err := pullPages(ctx, r, r.machine.Cursors().Users, r.client.Users, r.takeUsers); err != nil {
		return fmt.Errorf("pull users: %w", err)
	}
	if err := pullPages(ctx, r, r.machine.Cursors().Keys, r.client.Keys, r.takeKeys); err != nil {
		return fmt.Errorf("pull keys: %w", err)
	}
	if err := r.pullPeriods(ctx); err != nil {
		return fmt.Errorf("pull periods: %w", err)
	}
	if last := r.machine.LastPull(); began.Sub(last) < r.windows.Fresh/marksPerWindow && !last.IsZero() {
		return nil
	}
	return r.propose(ctx, Change{PulledAt: began})
}

func (r *Reconciler) propose(ctx context.Context, change Change) error {
	if err := r.proposer.Propose(ctx, change); err != nil {
		return fmt.Errorf("propose what the hub said: %w", err)
	}
	r.counts.users.Add(uint64(len(change.Users)))
	r.counts.keys.Add(uint64(len(change.Keys)))
	return nil
}

// pullPages asks for page after page until one says nothing new. A cursor that the hub does not know (another hub, or
// one that lost its file) begins anew: rows only move forward, so what is known already changes nothing.
func pullPages[Row any](ctx context.Context, r *Reconciler, cursor Cursor, ask func(context.Context, Cursor) (Page[Row], error),
	take func(context.Context, Page[Row]) error) error {
	for range maxPages {
		page, err := ask(ctx, cursor)
		if errors.Is(err, ErrBadRequest) && cursor != "" {
			r.logger.Warn("the hub does not know where we stood: everything is pulled anew", "cursor", string(cursor))
			cursor = ""
			continue
		}
		if err != nil {
			return err
		}
		r.refuse(page.Refused)
		rows := len(page.Rows) + len(page.Refused)
		if err := take(ctx, page); err != nil {
			return err
		}
		if rows == 0 || page.Next == cursor {
			return nil
		}
		cursor = page.Next
	}
	return errManyPages
}

// refuse tells of rows that cannot be used. What is known of them stays; an unknown user stays unknown, which is denied.
func (r *Reconciler) refuse(rows []RowError) {
	r.counts.refused.Add(uint64(len(rows)))
	for i, row := range rows {
		if i == maxLoggedRows {
			r.logger.Error("more rows of the hub's page cannot be used", "rows", len(rows)-i)
			return
		}
		r.logger.Error("a row of the hub cannot be used: what is known stays", "id", row.ID, "error", row.Err)
	}
}

// takeUsers proposes what a page changes.
func (r *Reconciler) takeUsers(ctx context.Context, page Page[User]) error {
	changed := newUserChanges(r.machine)
	for i := range page.Rows {
		changed.add(rowOfQuota(&page.Rows[i].Quota))
	}
	move := moveOf(r.machine.Cursors().Users, page.Next)
	rows := changed.rows()
	for len(rows) > MaxChangeRows {
		if err := r.propose(ctx, Change{Users: rows[:MaxChangeRows]}); err != nil {
			return err
		}
		rows = rows[MaxChangeRows:]
	}
	if len(rows) == 0 && move == nil {
		return nil
	}
	return r.propose(ctx, Change{Users: rows, UsersMove: move})
}

// moveOf is the move of a cursor, nil when it stays.
func moveOf(from, to Cursor) *CursorMove {
	if from == to {
		return nil
	}
	return &CursorMove{From: from, To: to}
}

// userChanges gathers the users that change, each once, in the order they came.
type userChanges struct {
	machine Machine
	order   []string
	changed map[string]UserRow
}

func newUserChanges(machine Machine) *userChanges {
	return &userChanges{machine: machine, changed: map[string]UserRow{}}
}

// known finds a user, as this change leaves it.
func (c *userChanges) known(id string) (UserRow, bool) {
	if row, ok := c.changed[id]; ok {
		return row, true
	}
	return c.machine.User(id)
}

func (c *userChanges) add(row UserRow) {
	known, ok := c.known(row.UserID)
	if ok && !row.Supersedes(known) {
		return
	}
	if ok {
		row = row.Over(known)
	}
	if _, again := c.changed[row.UserID]; !again {
		c.order = append(c.order, row.UserID)
	}
	c.changed[row.UserID] = row
}

func (c *userChanges) rows() []UserRow {
	rows := make([]UserRow, 0, len(c.order))
	for _, id := range c.order {
		rows = append(rows, c.changed[id])
	}
	return rows
}

// takeKeys proposes what a page changes, in parts that are small enough; the cursor moves with the last.
func (r *Reconciler) takeKeys(ctx context.Context, page Page[Key]) error {
	part := r.newKeyChanges()
	for i := range page.Rows {
		if part.full() {
			if err := r.propose(ctx, part.change()); err != nil {
				return err
			}
			part = r.newKeyChanges()
		}
		if err := part.add(ctx, &page.Rows[i]); err != nil {
			return err
		}
	}
	last := part.change()
	last.KeysMove = moveOf(r.machine.Cursors().Keys, page.Next)
	if len(last.Users)+len(last.Keys) == 0 && last.KeysMove == nil {
		return nil
	}
	return r.propose(ctx, last)
}

// keyChanges gathers the keys that change, and their users where these are not known yet.
type keyChanges struct {
	r       *Reconciler
	users   *userChanges
	nobody  map[string]bool // users that the hub does not know
	order   []string
	changed map[string]KeyRow
}

func (r *Reconciler) newKeyChanges() *keyChanges {
	return &keyChanges{r: r, users: newUserChanges(r.machine), nobody: map[string]bool{}, changed: map[string]KeyRow{}}
}

func (c *keyChanges) full() bool { return len(c.order)+len(c.users.order) >= MaxChangeRows-1 }

func (c *keyChanges) change() Change {
	change := Change{Users: c.users.rows()}
	for _, id := range c.order {
		change.Keys = append(change.Keys, c.changed[id])
	}
	return change
}

// add adds a key. A row that cannot be used is told of and is no error; a hub that cannot be asked is one.
func (c *keyChanges) add(ctx context.Context, key *Key) error {
	row, err := rowOfKey(key)
	if err != nil {
		c.r.refuse([]RowError{{ID: key.KeyID, Err: err}})
		return nil
	}
	known, ok := c.changed[row.KeyID]
	if !ok {
		known, ok = c.r.machine.Key(row.KeyID)
	}
	if ok {
		if row, err = row.Follow(known); err != nil {
			c.r.refuse([]RowError{{ID: key.KeyID, Err: err}})
			return nil
		}
		if row.Equal(known) {
			return nil
		}
	}
	if found, err := c.findUser(ctx, row.UserID); err != nil || !found {
		return err
	}
	if _, again := c.changed[row.KeyID]; !again {
		c.order = append(c.order, row.KeyID)
	}
	c.changed[row.KeyID] = row
	return nil
}

// findUser makes sure that a key's user is known, and asks the hub where it is not.
func (c *keyChanges) findUser(ctx context.Context, id string) (bool, error) {
	if _, ok := c.users.known(id); ok {
		return true, nil
	}
	if c.nobody[id] {
		return false, nil
	}
	quota, err := c.r.client.UserQuota(ctx, id)
	if errors.Is(err, ErrNotFound) {
		c.nobody[id] = true
		c.r.refuse([]RowError{{ID: clip(id), Err: fmt.Errorf("the key's user: %w", err)}})
		return false, nil
	}
	if err != nil {
		return false, err
	}
	c.users.add(rowOfQuota(&quota))
	return true, nil
}

// pullPeriods asks about users whose period ended: the hub says which one runs now.
func (r *Reconciler) pullPeriods(ctx context.Context) error {
	over := r.machine.PeriodsOver(time.Now(), maxPeriods)
	if len(over) == 0 {
		return nil
	}
	changed := newUserChanges(r.machine)
	for _, id := range over {
		quota, err := r.client.UserQuota(ctx, id)
		if errors.Is(err, ErrNotFound) {
			r.refuse([]RowError{{ID: clip(id), Err: err}})
			continue
		}
		if err != nil {
			return err
		}
		changed.add(rowOfQuota(&quota))
	}
	if rows := changed.rows(); len(rows) > 0 {
		r.ReportNow() // what the ended periods cost is due at once
		return r.propose(ctx, Change{Users: rows})
	}
	return nil
}
