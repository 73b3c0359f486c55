package fsm

import (
	"time"

	"github.com/hivellm/nexus/hivehub"
	"github.com/hivellm/nexus/tenancy"
)

// maxHubRows bounds the rows of a kind that one command may claim; what a proposer says is fewer.
const maxHubRows = 2 * hivehub.MaxChangeRows

func (*HubChange) kind() commandKind { return kindHubChange }

func (c *HubChange) write(w *writer) {
	w.list(len(c.Change.Users))
	for i := range c.Change.Users {
		writeUserRow(w, &c.Change.Users[i])
	}
	w.list(len(c.Change.Keys))
	for i := range c.Change.Keys {
		writeKeyRow(w, &c.Change.Keys[i])
	}
	writeMove(w, c.Change.UsersMove)
	writeMove(w, c.Change.KeysMove)
	var pulledMs int64
	if !c.Change.PulledAt.IsZero() {
		pulledMs = c.Change.PulledAt.UnixMilli()
	}
	w.int(pulledMs)
	w.list(len(c.Change.Acks))
	for _, ack := range c.Change.Acks {
		w.text(ack.UserID)
		w.text(ack.Period)
		w.uint(ack.Seq)
		w.uint(ack.Accepted)
	}
	w.list(len(c.Drops))
	for _, id := range c.Drops {
		w.uint(id.Number())
	}
	w.int(c.RetentionMs)
}

func (c *HubChange) read(r *reader) {
	for range r.list(maxHubRows) {
		c.Change.Users = append(c.Change.Users, readUserRow(r))
	}
	for range r.list(maxHubRows) {
		c.Change.Keys = append(c.Change.Keys, readKeyRow(r))
	}
	c.Change.UsersMove, c.Change.KeysMove = readMove(r), readMove(r)
	if ms := r.int(); ms != 0 {
		c.Change.PulledAt = time.UnixMilli(ms)
	}
	for range r.list(maxHubRows) {
		c.Change.Acks = append(c.Change.Acks, hivehub.UsageAck{UserID: r.text(maxTextBytes), Period: r.text(maxTextBytes), Seq: r.uint(), Accepted: r.uint()})
	}
	for range r.list(MaxHubDrops) {
		c.Drops = append(c.Drops, tenancy.IDFromNumber(r.uint()))
	}
	c.RetentionMs = r.int()
}

// writeUserRow writes seven values; a command and a record hold the same.
func writeUserRow(w *writer, u *hivehub.UserRow) {
	w.text(u.UserID)
	w.text(string(u.Status))
	w.text(u.Plan)
	w.value([]*tenancy.Limits{&u.Explicit, &u.Limits})
	w.uint(u.LimitVersion)
	w.text(u.Period)
	w.int(u.ResetsAtMs)
}

func readUserRow(r *reader) hivehub.UserRow {
	u := hivehub.UserRow{UserID: r.text(maxTextBytes), Status: tenancy.AccountStatus(r.text(maxTextBytes)), Plan: r.text(maxTextBytes)}
	if n := r.list(2); r.err == nil && n != 2 {
		r.fail(malformed("%d sets of limits, not 2", n))
	}
	r.value(&u.Explicit)
	r.value(&u.Limits)
	u.LimitVersion = r.uint()
	u.Period = r.text(maxTextBytes)
	u.ResetsAtMs = r.int()
	return u
}

func writeKeyRow(w *writer, k *hivehub.KeyRow) {
	w.text(k.KeyID)
	w.text(k.UserID)
	w.text(k.Name)
	w.text(string(k.Kind))
	w.bytes(k.SecretSHA256[:])
	w.value(k.Functions)
	w.int(k.CreatedAtMs)
	w.int(k.ExpiresAtMs)
	w.int(k.RevokedAtMs)
}

func readKeyRow(r *reader) (k hivehub.KeyRow) {
	k.KeyID, k.UserID, k.Name = r.text(maxTextBytes), r.text(maxTextBytes), r.text(maxTextBytes)
	k.Kind = tenancy.KeyKind(r.text(maxTextBytes))
	r.fixed(k.SecretSHA256[:])
	r.value(&k.Functions)
	k.CreatedAtMs, k.ExpiresAtMs, k.RevokedAtMs = r.int(), r.int(), r.int()
	return k
}

func writeMove(w *writer, move *hivehub.CursorMove) {
	w.bool(move != nil)
	if move != nil {
		w.text(string(move.From))
		w.text(string(move.To))
	}
}

func readMove(r *reader) *hivehub.CursorMove {
	if !r.bool() {
		return nil
	}
	return &hivehub.CursorMove{From: hivehub.Cursor(r.text(hivehub.MaxCursor)), To: hivehub.Cursor(r.text(hivehub.MaxCursor))}
}
