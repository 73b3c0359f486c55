package devhub

import (
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/hivellm/nexus/hivehub"
	"github.com/hivellm/nexus/tenancy"
)

const (
	tokenLife   = 24 * time.Hour
	maxEmail    = 254
	maxFullName = 200
)

// person is a user as shown to that user.
type personRow struct {
	ID       string                `json:"id"`
	Email    string                `json:"email"`
	FullName string                `json:"full_name"`
	Plan     string                `json:"plan"`
	Status   tenancy.AccountStatus `json:"status"`
}

func shown(u *userRow) personRow {
	return personRow{ID: u.ID, Email: u.Email, FullName: u.FullName, Plan: u.Plan, Status: u.Status}
}

type signedIn struct {
	User        personRow `json:"user"`
	AccessToken string    `json:"access_token"`
}

func (h *Hub) register(q *request) (int, any, error) {
	var body struct {
		Email    string `json:"email"`
		Password string `json:"password"`
		FullName string `json:"full_name"`
	}
	if err := q.decode(&body); err != nil {
		return 0, nil, err
	}
	email, err := cleanEmail(body.Email)
	if err != nil {
		return 0, nil, err
	}
	if len(body.Password) < minPassword || len(body.Password) > maxPassword {
		return 0, nil, refuse(http.StatusBadRequest, "a password has %d to %d bytes", minPassword, maxPassword)
	}
	if len(body.FullName) > maxFullName || !printable(body.FullName) {
		return 0, nil, refuse(http.StatusBadRequest, "full_name is longer than %d bytes or not printable", maxFullName)
	}
	hash := h.hash(func() string { return hashPassword(body.Password) })
	now := h.now().UTC()
	user := userRow{
		ID: newName("usr_"), Email: email, FullName: body.FullName, Password: hash, Plan: firstPlan,
		Status: tenancy.StatusActive, CreatedAt: now, LimitVersion: 1,
	}
	token := newToken()
	err = h.write(func(s *state) (*change, error) {
		switch {
		case s.emails[email] != "":
			return nil, refuse(http.StatusConflict, "there is a user of this email")
		case len(s.users) >= maxUsers:
			return nil, refuse(http.StatusServiceUnavailable, "the hub holds as many users as it can")
		}
		user.Changed = s.changed + 1
		return &change{Users: []userRow{user}, Tokens: []tokenRow{{Hash: tokenHash(token), UserID: user.ID, ExpiresAt: now.Add(tokenLife)}}}, nil
	})
	if err != nil {
		return 0, nil, err
	}
	h.pusher.tell("user.created", user.ID)
	return http.StatusCreated, signedIn{shown(&user), token}, nil
}

func (h *Hub) login(q *request) (int, any, error) {
	var body struct {
		Email    string `json:"email"`
		Password string `json:"password"`
	}
	if err := q.decode(&body); err != nil {
		return 0, nil, err
	}
	kept, id := noPassword, ""
	h.read(func(s *state) {
		if user := s.users[s.emails[strings.ToLower(strings.TrimSpace(body.Email))]]; user != nil && user.Status != tenancy.StatusDeleted {
			kept, id = user.Password, user.ID
		}
	})
	fits := len(body.Password) <= maxPassword && h.hash(func() string {
		if passwordFits(body.Password, kept) {
			return "yes"
		}
		return ""
	}) != ""
	if !fits || id == "" {
		return 0, nil, refuse(http.StatusUnauthorized, "email or password is wrong")
	}
	token := newToken()
	var user userRow
	err := h.write(func(s *state) (*change, error) {
		user = *s.users[id]
		now := h.now().UTC()
		c := &change{Tokens: s.outdated(id, now)}
		c.Tokens = append(c.Tokens, tokenRow{Hash: tokenHash(token), UserID: id, ExpiresAt: now.Add(tokenLife)})
		return c, nil
	})
	return http.StatusOK, signedIn{shown(&user), token}, err
}

// outdated lists the tokens of a user that must go for one more: the expired, and the oldest.
func (s *state) outdated(user string, now time.Time) []tokenRow {
	var gone []tokenRow
	hashes := s.tokensOf[user]
	for i, hash := range hashes {
		if row := s.tokens[hash]; !now.Before(row.ExpiresAt) || len(hashes)-i >= maxTokens {
			gone = append(gone, tokenRow{Hash: hash, UserID: user, ExpiresAt: row.ExpiresAt, Gone: true})
		}
	}
	return gone
}

// hash runs one of the few hashings that may run at once.
func (h *Hub) hash(work func() string) string {
	h.hashing <- struct{}{}
	defer func() { <-h.hashing }()
	return work()
}

func (h *Hub) me(q *request) (int, any, error) {
	user, quota, err := h.findUser(q.user)
	return http.StatusOK, struct {
		User  personRow     `json:"user"`
		Quota hivehub.Quota `json:"quota"`
	}{shown(&user), quota}, err
}

func (h *Hub) plans(*request) (int, any, error) {
	type plan struct {
		Name  string    `json:"name"`
		Quota overrides `json:"quota"`
	}
	list := []plan{}
	for _, p := range tenancy.Plans() {
		list = append(list, plan{p.Name, planLimits(p.Name)})
	}
	return http.StatusOK, map[string]any{"plans": list}, nil
}

func (h *Hub) upgrade(q *request) (int, any, error) {
	var body struct {
		Plan string `json:"plan"`
	}
	if err := q.decode(&body); err != nil {
		return 0, nil, err
	}
	user, err := h.changeUser(q.user, patch{Plan: &body.Plan})
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, map[string]any{"user": shown(&user)}, nil
}

// cleanEmail is an email as it is compared: lower case.
func cleanEmail(text string) (string, error) {
	email := strings.ToLower(strings.TrimSpace(text))
	local, host, ok := strings.Cut(email, "@")
	if !ok || local == "" || host == "" || len(email) > maxEmail || !printable(email) || strings.ContainsAny(email, " ,;<>()[]\"\\") || strings.Contains(host, "@") {
		return "", refuse(http.StatusBadRequest, "that is not an email address")
	}
	return email, nil
}

func printable(text string) bool {
	for _, r := range text {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return false
		}
	}
	return true
}
