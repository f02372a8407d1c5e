package timeline

import (
	"cmp"
	"slices"

	"debrief/event"
)

// people tells the status pages of several users of one device apart. The
// device is prepared once; each user then has an Account setup of his own, at
// the first sign-in, and records of two of them may lie between one another.
// That of the first user belongs to the attempt that prepared the device, that
// of each further user is an attempt of its own: how it ends says nothing of
// the one before.
type people struct {
	first  *esp            // the device's phases, and its first user's Account setup
	users  map[string]bool // the SIDs that ran an Account setup
	others map[string]*esp // by SID
	all    []*esp          // in order of their first record
}

// localSystem runs what belongs to the device.
const localSystem = "S-1-5-18"

// newPeople looks for the users in the records of the status page. An account
// that ran a phase of the device as well is the device's own.
func newPeople(b *builder, records []espRecord) *people {
	p := &people{users: map[string]bool{}, others: map[string]*esp{}}
	var own []string
	for i := range records {
		r := &records[i]
		if r.User == "" || r.User == localSystem || r.name != "ESPProgress_Category_Started" {
			continue
		}
		if r.category() == "AccountSetupCategory" {
			p.users[r.User] = true
		} else {
			own = append(own, r.User)
		}
	}
	for _, sid := range own {
		delete(p.users, sid)
	}
	p.first = p.follow(b)
	return p
}

func (p *people) follow(b *builder) *esp {
	s := &esp{b: b, subs: map[string]*draft{}, several: len(p.users) > 1}
	p.all = append(p.all, s)
	return s
}

// read hands a record to the reader of its user.
func (p *people) read(r *espRecord) {
	s := p.first
	if s.several && p.users[r.User] {
		switch s.user {
		case "":
			s.user = r.User
		case r.User:
		default:
			if s = p.others[r.User]; s == nil {
				s = p.follow(p.first.b)
				p.others[r.User] = s
			}
			s.user = r.User
		}
	}
	s.read(r)
}

// finish settles what is still open, and returns the waits for providers: the
// device's come last, since the registry speaks of them.
func (p *people) finish() (waits []*draft, applied, blocked event.Fact) {
	for _, s := range p.all {
		s.outcome()
		if s != p.first {
			waits = append(waits, s.waits...)
		}
		if s.applied.Name != "" && (applied.Name == "" || s.applied.Time.After(applied.Time)) {
			applied = s.applied
		}
		if blocked.Name == "" {
			blocked = s.blocked
		}
	}
	slices.SortStableFunc(waits, func(a, b *draft) int { return cmp.Or(a.Start.Compare(b.Start), comparePos(a, b)) })
	return append(waits, p.first.waits...), applied, blocked
}

// comparePos orders drafts by the place of their first record.
func comparePos(a, b *draft) int { return a.firstPos().Compare(b.firstPos()) }

// ofUser marks the spans of a user's own, where there are several users.
func (s *esp) ofUser(drafts ...*draft) {
	if !s.several || s.user == "" {
		return
	}
	for _, d := range drafts {
		if d != nil {
			d.set("user", s.user)
		}
	}
}
