package devhub

import (
	"crypto/rand"
	"net/http"
	"time"

	"github.com/hivellm/nexus/hivehub"
	"github.com/hivellm/nexus/tenancy"
)

// newAccessKey is the answer that shows a key's text, once.
type newAccessKey struct {
	KeyID            string     `json:"key_id"`
	AccessKey        string     `json:"access_key"`
	UserID           string     `json:"user_id"`
	Plan             string     `json:"plan"`
	Name             string     `json:"name"`
	Environment      string     `json:"environment"`
	AllowedFunctions *[]string  `json:"allowed_functions"`
	CreatedAt        time.Time  `json:"created_at"`
	ExpiresAt        *time.Time `json:"expires_at"`
}

// accessKey is a key as its owner sees it later.
type accessKey struct {
	KeyID            string     `json:"key_id"`
	Name             string     `json:"name"`
	Environment      string     `json:"environment"`
	AllowedFunctions *[]string  `json:"allowed_functions"`
	CreatedAt        time.Time  `json:"created_at"`
	ExpiresAt        *time.Time `json:"expires_at"`
	RevokedAt        *time.Time `json:"revoked_at"`
}

func (h *Hub) makeKey(q *request) (int, any, error) {
	var body struct {
		Name             string     `json:"name"`
		Environment      string     `json:"environment"`
		AllowedFunctions *[]string  `json:"allowed_functions"`
		ExpiresAt        *time.Time `json:"expires_at"`
	}
	if err := q.decode(&body); err != nil {
		return 0, nil, err
	}
	now := h.now().UTC().Truncate(time.Millisecond)
	kind := tenancy.KeyKind(body.Environment)
	switch {
	case body.Name == "" || len(body.Name) > tenancy.MaxKeyName || !printable(body.Name):
		return 0, nil, refuse(http.StatusBadRequest, "name has 1 to %d bytes of printable text", tenancy.MaxKeyName)
	case kind != tenancy.KeyLive && kind != tenancy.KeyTest:
		return 0, nil, refuse(http.StatusBadRequest, `environment is "live" or "test"`)
	case body.ExpiresAt != nil && !body.ExpiresAt.After(now):
		return 0, nil, refuse(http.StatusBadRequest, "expires_at has passed")
	}
	if err := checkFunctions(body.AllowedFunctions); err != nil {
		return 0, nil, err
	}
	text, part, err := tenancy.GenerateKey(kind, rand.Reader)
	if err != nil {
		return 0, nil, err
	}
	row := keyRow{Key: hivehub.Key{
		KeyID: part.ID, UserID: q.user, Name: body.Name, SecretSHA256: part.SecretHash, AllowedFunctions: body.AllowedFunctions,
		Role: tenancy.RoleTenant, Environment: body.Environment, CreatedAt: now, ExpiresAt: body.ExpiresAt,
	}}
	plan := ""
	err = h.write(func(s *state) (*change, error) {
		user := s.users[q.user]
		switch {
		case user.Status != tenancy.StatusActive:
			return nil, refuse(http.StatusForbidden, "the account is %s", user.Status)
		case len(s.keysOf[q.user]) >= maxKeysPerUser:
			return nil, refuse(http.StatusConflict, "an account has at most %d keys, ended ones too", maxKeysPerUser)
		case s.keys[row.KeyID] != nil:
			return nil, refuse(http.StatusServiceUnavailable, "try again") // 2^95 to one
		}
		row.Changed, plan = s.changed+1, user.Plan
		return &change{Keys: []keyRow{row}}, nil
	})
	if err != nil {
		return 0, nil, err
	}
	h.pusher.tell("key.created", row.KeyID)
	return http.StatusCreated, newAccessKey{
		KeyID: row.KeyID, AccessKey: text.Reveal(), UserID: q.user, Plan: plan, Name: row.Name, Environment: row.Environment,
		AllowedFunctions: row.AllowedFunctions, CreatedAt: row.CreatedAt, ExpiresAt: row.ExpiresAt,
	}, nil
}

// checkFunctions refuses a list with a name that a tenant's key cannot have.
func checkFunctions(names *[]string) error {
	set, err := tenancy.FunctionSetOf(names)
	if err == nil {
		err = set.CheckFor(tenancy.RoleTenant)
	}
	if err != nil {
		return refuse(http.StatusBadRequest, "allowed_functions").with(err.Error())
	}
	return nil
}

func (h *Hub) listKeys(q *request) (int, any, error) {
	list := []accessKey{}
	h.read(func(s *state) {
		for _, id := range s.keysOf[q.user] {
			row := s.keys[id]
			list = append(list, accessKey{
				KeyID: row.KeyID, Name: row.Name, Environment: row.Environment, AllowedFunctions: row.AllowedFunctions,
				CreatedAt: row.CreatedAt, ExpiresAt: row.ExpiresAt, RevokedAt: row.RevokedAt,
			})
		}
	})
	return http.StatusOK, map[string]any{"access_keys": list}, nil
}

// revokeKey ends a key. One that has ended already stays as it is; another's is as if it did not exist.
func (h *Hub) revokeKey(q *request) (int, any, error) {
	id := q.PathValue("keyId")
	var revoked time.Time
	again := false
	err := h.write(func(s *state) (*change, error) {
		row := s.keys[id]
		if row == nil || row.UserID != q.user {
			return nil, refuse(http.StatusNotFound, "there is no such key")
		}
		if row.RevokedAt != nil {
			revoked, again = *row.RevokedAt, true
			return nil, nil
		}
		ended := *row
		revoked = h.now().UTC().Truncate(time.Millisecond)
		ended.RevokedAt, ended.Changed = &revoked, s.changed+1
		return &change{Keys: []keyRow{ended}}, nil
	})
	if err != nil {
		return 0, nil, err
	}
	if !again {
		h.pusher.tell("key.revoked", id)
	}
	return http.StatusOK, map[string]any{"status": "revoked", "key_id": id, "revoked_at": revoked}, nil
}
