package hivehub

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"

	"github.com/hivellm/nexus/tenancy"
)

const (
	// MaxBody bounds a body in either direction, in bytes.
	MaxBody = 1 << 20
	// MaxCursor bounds a cursor, in bytes.
	MaxCursor = 256
	// maxMessage bounds what is kept of a hub's words, in bytes.
	maxMessage = 200
	// periodLength is that of YYYY-MM.
	periodLength = 7
)

// CheckUserID refuses what cannot be the hub's id of a user, or would not survive in a path.
func CheckUserID(id string) error {
	if id == "" || len(id) > tenancy.MaxUserID || id == "." || id == ".." || !readable(id) {
		return fmt.Errorf("%q is not a user id: expected 1 to %d bytes of printable text", clip(id), tenancy.MaxUserID)
	}
	return nil
}

// CheckPeriod refuses what is not a month as YYYY-MM.
func CheckPeriod(period string) error {
	ok := len(period) == periodLength && period[4] == '-'
	for i := 0; ok && i < periodLength; i++ {
		ok = i == 4 || period[i] >= '0' && period[i] <= '9'
	}
	if !ok || period[5:] < "01" || period[5:] > "12" {
		return fmt.Errorf("%q is not a period: expected YYYY-MM", clip(period))
	}
	return nil
}

func checkCursor(cursor Cursor) error {
	if len(cursor) > MaxCursor || !readable(string(cursor)) {
		return fmt.Errorf("%q is not a cursor", clip(string(cursor)))
	}
	return nil
}

// check refuses a quota that speaks of no user the account could be.
func (q *Quota) check() error {
	if len(q.Plan) > tenancy.MaxPlanName || !readable(q.Plan) {
		return fmt.Errorf("%q is not a plan name", clip(q.Plan))
	}
	if q.Status != "" && !q.Status.Known() {
		return fmt.Errorf("unknown status %q", clip(string(q.Status)))
	}
	if q.Period != "" {
		return CheckPeriod(q.Period)
	}
	return nil
}

// check refuses a row that cannot be a user, and moves plan and status to where the house looks for them.
func (u *User) check() error {
	if err := CheckUserID(u.UserID); err != nil {
		return err
	}
	if u.Quota.UserID != "" && u.Quota.UserID != u.UserID {
		return fmt.Errorf("%w: the quota is of %q", ErrWrongTenant, clip(u.Quota.UserID))
	}
	if u.Plan != "" {
		u.Quota.Plan = u.Plan
	}
	if u.Status != "" {
		u.Quota.Status = u.Status
	}
	u.Quota.UserID = u.UserID
	return u.Quota.check()
}

// check refuses a row that cannot be a tenant's key.
func (k *Key) check() error {
	if err := tenancy.CheckKeyID(k.KeyID); err != nil {
		return err
	}
	if err := CheckUserID(k.UserID); err != nil {
		return err
	}
	if k.Role != "" && k.Role != tenancy.RoleTenant {
		return fmt.Errorf("a key of role %q cannot come from a hub", clip(string(k.Role)))
	}
	if len(k.Name) > tenancy.MaxKeyName || !readable(k.Name) {
		return fmt.Errorf("the name is longer than %d bytes or not printable", tenancy.MaxKeyName)
	}
	if kind := tenancy.KeyKind(k.Environment); kind != tenancy.KeyLive && kind != tenancy.KeyTest {
		return fmt.Errorf("unknown environment %q", clip(k.Environment))
	}
	if k.SecretSHA256 == (tenancy.SecretHash{}) {
		return errors.New("no secret_sha256")
	}
	if _, err := tenancy.FunctionSetOf(k.AllowedFunctions); err != nil {
		return err
	}
	for _, at := range []int64{unixMs(&k.CreatedAt), unixMs(k.ExpiresAt), unixMs(k.RevokedAt)} {
		if at < 0 {
			return errors.New("a time lies before 1970")
		}
	}
	return nil
}

// decodeOne reads exactly one JSON value; unknown fields are ignored.
func decodeOne(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(into); err != nil {
		if errors.Is(err, io.EOF) {
			return errors.New("the body is empty")
		}
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON value")
	}
	return nil
}

// decodeUsers and decodeKeys read a page; a row that fails is set apart.
func decodeUsers(data []byte) (Page[User], error) {
	var page usersPage
	if err := decodeOne(data, &page); err != nil {
		return Page[User]{}, err
	}
	return decodeRows(page.Users, page.Next, "users", (*User).check, func(u *User) string { return u.UserID })
}

func decodeKeys(data []byte) (Page[Key], error) {
	var page keysPage
	if err := decodeOne(data, &page); err != nil {
		return Page[Key]{}, err
	}
	return decodeRows(page.Keys, page.Next, "keys", (*Key).check, func(k *Key) string { return k.KeyID })
}

func decodeRows[Row any](raw []json.RawMessage, next *Cursor, name string, check func(*Row) error, id func(*Row) string) (Page[Row], error) {
	if raw == nil {
		return Page[Row]{}, fmt.Errorf("no list %q", name)
	}
	if next == nil {
		return Page[Row]{}, errors.New(`no "next"`)
	}
	if err := checkCursor(*next); err != nil {
		return Page[Row]{}, err
	}
	page := Page[Row]{Next: *next}
	for _, one := range raw {
		var row Row
		err := decodeOne(one, &row)
		if err == nil {
			err = check(&row)
		}
		if err != nil {
			page.Refused = append(page.Refused, RowError{ID: clip(id(&row)), Err: err})
			continue
		}
		page.Rows = append(page.Rows, row)
	}
	return page, nil
}

// readable reports whether a text is valid and has no control characters.
func readable(text string) bool {
	if !utf8.ValidString(text) {
		return false
	}
	for _, r := range text {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// clip makes a foreign text short and printable.
func clip(text string) string {
	if len(text) > maxMessage {
		text = text[:maxMessage] + "…"
	}
	kept := make([]rune, 0, len(text))
	for _, r := range text {
		if !unicode.IsPrint(r) {
			r = '·'
		}
		kept = append(kept, r)
	}
	return string(kept)
}
