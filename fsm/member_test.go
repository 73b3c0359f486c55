package fsm

import (
	"errors"
	"slices"
	"testing"
)

func TestApply_MarksMembers(t *testing.T) {
	r := newRig(t)
	mark := func(id string, draining bool) *MarkMember {
		return &MarkMember{Header: r.header(), NodeID: id, Draining: draining}
	}
	want := func(when string, draining, removed []string) {
		t.Helper()
		if d, x := r.m.DrainingMembers(), r.m.RemovedMembers(); !slices.Equal(d, draining) || !slices.Equal(x, removed) {
			t.Fatalf("%s: draining %v, removed %v; wanted %v, %v", when, d, x, draining, removed)
		}
		for _, id := range []string{"n1", "n2", "n3"} {
			if r.m.DrainingMember(id) != slices.Contains(draining, id) || r.m.RemovedMember(id) != slices.Contains(removed, id) {
				t.Fatalf("%s: %s is told otherwise than listed", when, id)
			}
		}
	}
	r.must(mark("n2", false)) // nothing to take away
	r.must(mark("n1", true))
	r.must(mark("n2", true))
	r.must(mark("n2", true))
	want("marked", []string{"n1", "n2"}, nil)
	r.must(mark("n1", false))
	r.must(&RemoveMember{Header: r.header(), NodeID: "n2"})
	r.must(&RemoveMember{Header: r.header(), NodeID: "n3"})
	r.must(&RemoveMember{Header: r.header(), NodeID: "n3"})
	want("removed", nil, []string{"n2", "n3"})
	r.refuse(mark("n2", false), ErrMemberRemoved)
	r.refuse(mark("n3", true), ErrMemberRemoved)
	r.must(mark("n1", true))
	for _, command := range []Command{mark("", true), &RemoveMember{Header: r.header()}} {
		var invalid *InvalidError
		if got := r.apply(command)[0]; !errors.As(got.Err, &invalid) {
			t.Fatalf("a member without an id: %v", got.Err)
		}
	}
	loaded, err := loadState(r.m.store)
	if err != nil {
		t.Fatal(err)
	}
	if n := loaded.members.Len(); n != 3 {
		t.Fatalf("%d marks are stored, 3 were made", n)
	}
	loaded.members.Scan(func(id string, m memberMark) bool {
		if now, _ := r.m.state.members.Get(id); now != m {
			t.Errorf("%s: stored %d, published %d", id, m, now)
		}
		return true
	})
}

func TestMember_RefusesWhatItCannotRead(t *testing.T) {
	for _, raw := range [][]byte{nil, {2}, {systemFormat, 0}, {systemFormat, 9}, {systemFormat, 1, 1}} {
		if _, err := decodeMember(raw); !errors.Is(err, ErrMalformed) {
			t.Errorf("%v: %v", raw, err)
		}
	}
}
