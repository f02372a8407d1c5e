package rules

import "debrief/event"

// Wanted returns a test for the records that the set may have something to say
// of: those that a signal of a rule asks for, and errors that no rule knows. Of
// a log that is too long to be kept whole these are kept. The test is for one
// goroutine; call Wanted once for each.
func (s *Set) Wanted() func(*event.Event) bool {
	m := s.dispatch.start()
	return func(ev *event.Event) bool {
		found := false
		m.event(ev, func(id int32) { found = found || s.dispatch.specs[id].telling() })
		if !found {
			_, found = s.dispatch.spot.failure(ev)
		}
		return found
	}
}
