package ledger

// EncodeTick is a tick as it stands in the log. Equal ticks give equal bytes.
func EncodeTick(t *Tick) ([]byte, error) {
	w := newWriter()
	w.period(t.Period)
	writeList(w, t.Opens, func(w *writer, o Open) { w.text(o.ID); w.uint(o.Incarnation) })
	writeList(w, t.Renews, func(w *writer, r Renew) { w.node(r.Node); w.uints(r.Incarnation, r.Report, r.Applied) })
	writeList(w, t.Expires, func(w *writer, e Expire) { w.node(e.Node); w.uint(e.RenewedSeq) })
	writeList(w, t.Turns, func(w *writer, t Turn) { w.tenant(t.Tenant); w.period(t.Period) })
	writeList(w, t.Settles, func(w *writer, s Settle) {
		w.tenant(s.Tenant)
		w.node(s.Node)
		w.uint(s.Incarnation)
		w.period(s.Period)
		w.units(s.Returned)
		w.units(s.Drawn)
		w.totals(s.Spent)
		w.bool(s.Closed)
		w.bool(s.Unknown)
	})
	writeList(w, t.GiveUps, func(w *writer, g GiveUp) { w.tenant(g.Tenant); w.node(g.Node); w.uint(g.Seq) })
	writeList(w, t.Grants, func(w *writer, g Grant) {
		w.tenant(g.Tenant)
		w.node(g.Node)
		w.uint(g.Incarnation)
		w.period(g.Period)
		w.units(g.Units)
	})
	writeList(w, t.Shares, func(w *writer, s SetShare) {
		w.tenant(s.Tenant)
		w.node(s.Node)
		w.rate(s.Rate)
		w.uint(s.Fill)
	})
	writeList(w, t.Acks, func(w *writer, a Ack) { w.tenant(a.Tenant); w.period(a.Period); w.uint(a.Seq) })
	return w.finish("a tick", t.Check())
}

// DecodeTick reads what EncodeTick wrote, and nothing else. Its errors wrap ErrFormat.
func DecodeTick(data []byte) (*Tick, error) {
	return decode("a tick", data, func(r *reader) *Tick {
		return &Tick{
			Period:  r.period(),
			Opens:   readList(r, MaxTickItems, func(r *reader) Open { return Open{r.text(MaxNodeID), r.uint()} }),
			Renews:  readList(r, MaxTickItems, func(r *reader) Renew { return Renew{r.node(), r.uint(), r.uint(), r.uint()} }),
			Expires: readList(r, MaxTickItems, func(r *reader) Expire { return Expire{r.node(), r.uint()} }),
			Turns:   readList(r, MaxTickItems, func(r *reader) Turn { return Turn{r.tenant(), r.period()} }),
			Settles: readList(r, MaxTickItems, func(r *reader) Settle {
				return Settle{r.tenant(), r.node(), r.uint(), r.period(), r.units(), r.units(), r.totals(), r.bool(), r.bool()}
			}),
			GiveUps: readList(r, MaxTickItems, func(r *reader) GiveUp { return GiveUp{r.tenant(), r.node(), r.uint()} }),
			Grants: readList(r, MaxTickItems, func(r *reader) Grant {
				return Grant{r.tenant(), r.node(), r.uint(), r.period(), r.units()}
			}),
			Shares: readList(r, MaxTickItems, func(r *reader) SetShare { return SetShare{r.tenant(), r.node(), r.rate(), r.uint()} }),
			Acks:   readList(r, MaxTickItems, func(r *reader) Ack { return Ack{r.tenant(), r.period(), r.uint()} }),
		}
	}, EncodeTick)
}

// EncodeReport is a report as it goes to the leader. Equal reports give equal bytes.
func EncodeReport(p *Report) ([]byte, error) {
	w := newWriter()
	w.text(p.Node)
	w.uints(p.Incarnation, p.Seq, p.Applied)
	writeList(w, p.Entries, func(w *writer, e Entry) {
		w.tenant(e.Tenant)
		w.period(e.Period)
		w.uint(e.Incarnation)
		w.units(e.Returned)
		w.units(e.Drawn)
		w.totals(e.Spent)
		for _, b := range []bool{e.Closed, e.Unknown, e.AskRequests, e.AskWrites, e.Starved} {
			w.bool(b)
		}
		w.uints(e.Demand, e.GaveUp)
	})
	return w.finish("a report", p.Check())
}

// DecodeReport reads what EncodeReport wrote, and nothing else. Its errors wrap ErrFormat.
func DecodeReport(data []byte) (*Report, error) {
	return decode("a report", data, func(r *reader) *Report {
		return &Report{Node: r.text(MaxNodeID), Incarnation: r.uint(), Seq: r.uint(), Applied: r.uint(),
			Entries: readList(r, MaxReportEntries, func(r *reader) Entry {
				e := Entry{Tenant: r.tenant(), Period: r.period(), Incarnation: r.uint(), Returned: r.units(), Drawn: r.units(), Spent: r.totals()}
				e.Closed, e.Unknown, e.AskRequests, e.AskWrites, e.Starved = r.bool(), r.bool(), r.bool(), r.bool(), r.bool()
				e.Demand, e.GaveUp = r.uint(), r.uint()
				return e
			})}
	}, EncodeReport)
}
