package devhub

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/hivellm/nexus/hivehub"
	"github.com/hivellm/nexus/scripts/planted"
	"github.com/hivellm/nexus/tenancy"
)

const (
	// pageRows and pageBytes bound a page of changes, so that it stays below the contract's 1 MiB even with its rows
	// twice in it.
	pageRows  = 500
	pageBytes = 400 << 10
	// rowBytes is what a user's row takes at most, rounded up; keyBytes a key's without its functions.
	rowBytes = 1 << 10
	keyBytes = 1 << 10

	maxID    = 128
	maxProof = 4096
)

func (h *Hub) health(*request) (int, any, error) {
	return http.StatusOK, map[string]string{"status": "ok"}, nil
}

// findUser gives a copy of a user's row and the quota at now.
func (h *Hub) findUser(id string) (userRow, hivehub.Quota, error) {
	var row userRow
	var quota hivehub.Quota
	found := false
	h.read(func(s *state) {
		if user := s.users[id]; user != nil {
			row, quota, found = *user, s.quota(user, h.now()), true
		}
	})
	if !found {
		return userRow{}, hivehub.Quota{}, refuse(http.StatusNotFound, "there is no such user")
	}
	return row, quota, nil
}

func (h *Hub) userDatabases(q *request) (int, any, error) {
	user, quota, err := h.findUser(q.PathValue("userId"))
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, hivehub.UserDatabases{UserID: user.ID, Quota: quota, Databases: []string{"default"}}, nil
}

func (h *Hub) userQuota(q *request) (int, any, error) {
	_, quota, err := h.findUser(q.PathValue("userId"))
	return http.StatusOK, quota, err
}

// page is one page of changes; disturb is what faults do to it.
type usersPage struct {
	Users []hivehub.User `json:"users"`
	Next  hivehub.Cursor `json:"next"`
}

func (p usersPage) disturb(twice, reversed bool) any {
	p.Users = disturb(p.Users, twice, reversed)
	return p
}

type keysPage struct {
	Keys []hivehub.Key  `json:"keys"`
	Next hivehub.Cursor `json:"next"`
}

func (p keysPage) disturb(twice, reversed bool) any {
	p.Keys = disturb(p.Keys, twice, reversed)
	return p
}

func disturb[Row any](rows []Row, twice, reversed bool) []Row {
	rows = slices.Clone(rows)
	if twice {
		rows = append(rows, rows...)
	}
	if reversed {
		slices.Reverse(rows)
	}
	return rows
}

// cursor is a place among the changes of this hub; another hub's, or one of a file that was replaced, is refused.
func (h *Hub) cursor(place uint64) hivehub.Cursor {
	return hivehub.Cursor(h.journal.instance + "-" + strconv.FormatUint(place, 10))
}

func (h *Hub) parseCursor(s *state, q *request) (uint64, error) {
	query := q.URL.Query()
	if len(query) != 1 || len(query["since"]) != 1 {
		return 0, refuse(http.StatusBadRequest, "one parameter, since, is needed: the cursor, or nothing for the beginning")
	}
	text := query["since"][0]
	if text == "" {
		return 0, nil
	}
	instance, digits, _ := strings.Cut(text, "-")
	place, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || instance != h.journal.instance || place > s.changed {
		return 0, refuse(http.StatusBadRequest, "the cursor is not of this hub: begin anew with an empty one")
	}
	return place, nil
}

func (h *Hub) changedUsers(q *request) (int, any, error) {
	page := usersPage{Users: []hivehub.User{}}
	var fault error
	h.read(func(s *state) {
		place, err := h.parseCursor(s, q)
		if fault = err; err != nil {
			return
		}
		s.users4page.Ascend(place+1, func(at uint64, id string) bool {
			if len(page.Users) >= pageRows || len(page.Users)*rowBytes >= pageBytes {
				return false
			}
			user := s.users[id]
			page.Users = append(page.Users, hivehub.User{
				UserID: user.ID, Email: user.Email, Plan: user.Plan, Status: user.Status, Quota: s.quota(user, h.now()),
			})
			place = at
			return true
		})
		page.Next = h.cursor(place)
	})
	return http.StatusOK, page, fault
}

func (h *Hub) changedKeys(q *request) (int, any, error) {
	page := keysPage{Keys: []hivehub.Key{}}
	var fault error
	h.read(func(s *state) {
		place, err := h.parseCursor(s, q)
		if fault = err; err != nil {
			return
		}
		size := 0
		s.keys4page.Ascend(place+1, func(at uint64, id string) bool {
			row := s.keys[id]
			if size += keySize(&row.Key); len(page.Keys) >= pageRows || len(page.Keys) > 0 && size > pageBytes {
				return false
			}
			page.Keys = append(page.Keys, row.Key)
			place = at
			return true
		})
		page.Next = h.cursor(place)
	})
	return http.StatusOK, page, fault
}

// keySize bounds what a key takes in a page.
func keySize(key *hivehub.Key) int {
	size := keyBytes
	if key.AllowedFunctions != nil {
		for _, name := range *key.AllowedFunctions {
			size += len(name) + 3
		}
	}
	return size
}

func (h *Hub) oneKey(q *request) (int, any, error) {
	id := q.PathValue("keyId")
	if err := tenancy.CheckKeyID(id); err != nil {
		return 0, nil, refuse(http.StatusBadRequest, "that is not the id of a key").with(err.Error())
	}
	var row *keyRow
	h.read(func(s *state) { row = s.keys[id] })
	if row == nil {
		return 0, nil, refuse(http.StatusNotFound, "there is no such key")
	}
	return http.StatusOK, row.Key, nil
}

// acceptedSeq is the answer to a report.
type acceptedSeq struct {
	AcceptedSeq uint64 `json:"accepted_seq"`
	UserID      string `json:"user_id,omitempty"`
}

// takeUsage keeps the row with the highest seq. What contradicts cumulative totals is refused.
func (h *Hub) takeUsage(q *request) (int, any, error) {
	var report struct {
		hivehub.UsageReport
		Totals *hivehub.UsageTotals `json:"totals"`
		State  *tenancy.Usage       `json:"state"`
	}
	if err := q.decode(&report); err != nil {
		return 0, nil, err
	}
	if report.Totals == nil || report.State == nil {
		return 0, nil, refuse(http.StatusUnprocessableEntity, "totals and state are needed")
	}
	row := report.UsageReport
	row.Totals, row.State = *report.Totals, *report.State
	if err := checkUsage(&row); err != nil {
		return 0, nil, err
	}
	accepted := row.Seq
	err := h.write(func(s *state) (*change, error) {
		if s.users[row.UserID] == nil {
			return nil, refuse(http.StatusNotFound, "there is no such user")
		}
		id := usageID{row.ClusterID, row.UserID, row.Period}
		known := s.usage[id]
		if known == nil {
			if len(s.usage) >= maxUsageRows {
				return nil, refuse(http.StatusServiceUnavailable, "the hub holds as many usage rows as it can")
			}
			return &change{Usage: []usageRow{row}}, nil
		}
		accepted = max(known.Seq, row.Seq)
		switch {
		case row.Seq < known.Seq:
			if planted.On("hub-older-usage") {
				return &change{Usage: []usageRow{row}}, nil
			}
			return nil, nil
		case row.Seq == known.Seq && row.Totals != known.Totals:
			return nil, refuse(http.StatusUnprocessableEntity, "seq %d was reported with other totals", row.Seq)
		case row.Seq == known.Seq:
			return nil, nil
		case fell(known.Totals, row.Totals):
			return nil, refuse(http.StatusUnprocessableEntity, "a total is below what seq %d said: totals are cumulative", known.Seq)
		}
		return &change{Usage: []usageRow{row}}, nil
	})
	return http.StatusOK, acceptedSeq{accepted, row.UserID}, err
}

func checkUsage(row *usageRow) error {
	if err := hivehub.CheckPeriod(row.Period); err != nil {
		return refuse(http.StatusUnprocessableEntity, "period").with(err.Error())
	}
	if row.Seq == 0 || !name(row.ClusterID) || !name(row.UserID) {
		return refuse(http.StatusUnprocessableEntity, "cluster_id, user_id and a seq from 1 are needed")
	}
	return nil
}

// fell reports whether a total is lower than it was.
func fell(was, is hivehub.UsageTotals) bool {
	return is.Requests < was.Requests || is.Reads < was.Reads || is.Writes < was.Writes || is.RowsOut < was.RowsOut ||
		is.BytesIn < was.BytesIn || is.BytesOut < was.BytesOut || is.ComputeMs < was.ComputeMs
}

// takeAudit keeps the head with the highest seq of each node. Another root under the same seq is refused.
func (h *Hub) takeAudit(q *request) (int, any, error) {
	var row auditRow
	if err := q.decode(&row); err != nil {
		return 0, nil, err
	}
	if !name(row.ClusterID) || !name(row.NodeID) || row.Root == "" || row.Signature == "" ||
		len(row.Root) > maxProof || len(row.Signature) > maxProof {
		return 0, nil, refuse(http.StatusUnprocessableEntity, "cluster_id, node_id, root and signature are needed")
	}
	accepted := row.Seq
	err := h.write(func(s *state) (*change, error) {
		known := s.audit[auditID{row.ClusterID, row.NodeID}]
		if known == nil && len(s.audit) >= maxAuditRows {
			return nil, refuse(http.StatusServiceUnavailable, "the hub holds as many audit heads as it can")
		}
		if known != nil {
			accepted = max(known.Seq, row.Seq)
			switch {
			case row.Seq < known.Seq || row == *known:
				return nil, nil
			case row.Seq == known.Seq:
				return nil, refuse(http.StatusConflict, "seq %d was reported with another root", row.Seq)
			}
		}
		return &change{Audit: []auditRow{row}}, nil
	})
	return http.StatusOK, acceptedSeq{AcceptedSeq: accepted}, err
}

// name reports whether a text can name a cluster, a node or a user.
func name(text string) bool { return text != "" && len(text) <= maxID && visible(text) }
