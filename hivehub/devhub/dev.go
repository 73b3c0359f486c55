package devhub

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/hivellm/nexus/hivehub"
	"github.com/hivellm/nexus/tenancy"
)

// patch is what may change of a user.
type patch struct {
	Status *tenancy.AccountStatus `json:"status"`
	Plan   *string                `json:"plan"`
	Quota  *quotaPatch            `json:"quota"`
}

// quotaPatch is any field of the quota object but those that stand beside it.
type quotaPatch struct {
	overrides
	// LimitVersion is set as given, also backwards: that is what a test of an older version needs.
	LimitVersion *uint64 `json:"limit_version"`
}

func (p *patch) check() error {
	switch {
	case p.Status == nil && p.Plan == nil && p.Quota == nil:
		return refuse(http.StatusBadRequest, "status, plan or quota is needed")
	case p.Status != nil && !p.Status.Known():
		return refuse(http.StatusBadRequest, "status is active, suspended or deleted")
	}
	if p.Plan != nil {
		if _, err := tenancy.LookupPlan(*p.Plan); err != nil {
			return refuse(http.StatusBadRequest, "unknown plan").with(err.Error())
		}
	}
	if p.Quota != nil && p.Quota.Period != "" {
		if err := hivehub.CheckPeriod(p.Quota.Period); err != nil {
			return refuse(http.StatusBadRequest, "period").with(err.Error())
		}
	}
	return nil
}

// changeUser changes a user, raises limit_version, and pushes what happened. Another plan drops what was set beside
// the old one.
func (h *Hub) changeUser(id string, p patch) (userRow, error) {
	if err := p.check(); err != nil {
		return userRow{}, err
	}
	event := "quota.changed"
	var user userRow
	err := h.write(func(s *state) (*change, error) {
		known := s.users[id]
		if known == nil {
			return nil, refuse(http.StatusNotFound, "there is no such user")
		}
		user = *known
		user.LimitVersion++
		user.Changed = s.changed + 1
		if p.Status != nil && *p.Status != user.Status {
			user.Status = *p.Status
			event = "user." + string(user.Status)
		}
		if p.Plan != nil {
			user.Plan, user.Overrides = *p.Plan, overrides{}
		}
		if p.Quota != nil {
			user.Overrides = p.Quota.over(user.Overrides)
			if p.Quota.LimitVersion != nil {
				user.LimitVersion = *p.Quota.LimitVersion
			}
		}
		return &change{Users: []userRow{user}}, nil
	})
	if err != nil {
		return userRow{}, err
	}
	h.pusher.tell(event, id)
	return user, nil
}

func (h *Hub) patchUser(q *request) (int, any, error) {
	var p patch
	if err := q.decode(&p); err != nil {
		return 0, nil, err
	}
	user, err := h.changeUser(q.PathValue("userId"), p)
	if err != nil {
		return 0, nil, err
	}
	var quota hivehub.Quota
	h.read(func(s *state) { quota = s.quota(&user, h.now()) })
	return http.StatusOK, map[string]any{"user": shown(&user), "quota": quota}, nil
}

func (h *Hub) devUsers(*request) (int, any, error) {
	type row struct {
		personRow
		Quota hivehub.Quota `json:"quota"`
	}
	list := []row{}
	h.read(func(s *state) {
		for _, user := range s.users {
			list = append(list, row{shown(user), s.quota(user, h.now())})
		}
	})
	slices.SortFunc(list, func(a, b row) int { return cmp.Compare(a.Email, b.Email) })
	return http.StatusOK, map[string]any{"users": list}, nil
}

func (h *Hub) devUsage(q *request) (int, any, error) {
	var rows []usageRow
	h.read(func(s *state) { rows = s.usageRows(q.URL.Query().Get("user_id")) })
	return http.StatusOK, map[string]any{"rows": rows}, nil
}

func (h *Hub) devAudit(*request) (int, any, error) {
	rows := []auditRow{}
	h.read(func(s *state) {
		for _, row := range s.audit {
			rows = append(rows, *row)
		}
	})
	slices.SortFunc(rows, func(a, b auditRow) int {
		return cmp.Or(cmp.Compare(a.ClusterID, b.ClusterID), cmp.Compare(a.NodeID, b.NodeID))
	})
	return http.StatusOK, map[string]any{"rows": rows}, nil
}

// devCalls counts the calls of every route but the switches.
func (h *Hub) devCalls(*request) (int, any, error) {
	return http.StatusOK, h.calls.called(), nil
}

func (h *Hub) devPushes(*request) (int, any, error) {
	return http.StatusOK, map[string]any{"targets": h.pusher.status()}, nil
}

func (h *Hub) showFaults(*request) (int, any, error) { return http.StatusOK, h.faults.current(), nil }

// setFaults puts the faults given in the place of those that are on.
func (h *Hub) setFaults(q *request) (int, any, error) {
	var on faults
	if err := q.decode(&on); err != nil {
		return 0, nil, err
	}
	if err := on.check(h.now()); err != nil {
		return 0, nil, err
	}
	h.faults.set(on)
	return http.StatusOK, on, nil
}
