package timeline

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"debrief/event"
)

// esp follows the enrolment status page through its records.
type esp struct {
	b       *builder
	page    *draft
	session *draft
	phase   *draft
	subs    map[string]*draft // open subcategories by id
	wait    *draft            // the wait for policy providers
	waits   []*draft          // all of them
	pages   []*draft          // of the session
	applied event.Fact        // ESP timeout as last applied
	blocked event.Fact        // what the page offers on failure, as first read

	loaded time.Time // when the page was loaded

	started bool // the page ran a category
	clocked bool // the page's clock is known
	retry   bool // the page was opened by Try again
	reset   bool // a reset was asked for
	prepped bool // the session ran Device preparation

	several bool   // several users had an Account setup on the device
	user    string // SID of the session's user, where there are several
}

// readESP makes sessions, pages, phases, subcategories and provider waits.
func (b *builder) readESP() {
	records := b.espRecords()
	p := newPeople(b, records)
	for i := range records {
		p.read(&records[i])
	}
	waits, applied, blocked := p.finish()
	b.providers(waits)
	if applied.Name != "" {
		b.facts = slices.DeleteFunc(b.facts, func(f event.Fact) bool { return f.Name == applied.Name })
		b.add(applied)
	}
	if blocked.Name != "" && !b.has(blocked.Name) {
		b.add(blocked)
	}
	b.enrolments()
}

// espRecords picks the page's records, in the order in which they were
// written: by time, and by record number where the clock was stepped.
func (b *builder) espRecords() []espRecord {
	var out []espRecord
	for i := range b.in.Events {
		if r, ok := readESPRecord(&b.in.Events[i]); ok {
			out = append(out, r)
		}
	}
	if len(b.report.Steps) > 0 {
		slices.SortStableFunc(out, func(x, y espRecord) int {
			return cmp.Or(strings.Compare(x.Pos.File, y.Pos.File), cmp.Compare(x.Pos.Record, y.Pos.Record))
		})
	}
	return out
}

func (s *esp) read(r *espRecord) {
	switch r.name {
	case "ESPProgress_Initialization_ResumingAfterReboot":
		s.openPage(r, false)
	case "ESPProgress_TryAgain_Started":
		s.openPage(r, true)
	case "ESPProgress_ESPTimeOutValue_Applied":
		s.startClock(r)
	case "ESPProgress_Category_Started":
		s.startPhase(r)
	case "ESPProgress_Category_Success":
		s.endPhase(r, StateSucceeded)
	case "ESPProgress_Category_Failed":
		s.endPhase(r, StateFailed)
	case "BootstrapStatusCategory_SubcategoryProcessing_Started":
		s.startSubcategory(r)
	case "BootstrapStatusCategory_SubcategoryProcessing_Success", "BootstrapStatusCategory_SubcategoryProcessing_Failed":
		s.endSubcategory(r)
	case "ESPProgress_ErrorButtons_Displayed":
		s.endPage(r, StateFailed)
	case "ESPProgress_Page_Exiting":
		s.endPage(r, StateSucceeded)
	case "ESPProgress_ContinueAnyway_Started":
		s.note(r, "continued-anyway")
	case "ESPProgress_DeviceResetInitiation_Started":
		s.note(r, "reset")
		s.endPage(r, StateFailed)
		s.reset = true
	case "ESPProgress_GetBlockingValueBitMask_Success":
		s.blocking(r)
	default:
		s.readSubject(r)
	}
	if s.session != nil && !r.Time.IsZero() {
		s.session.LastSeen = r.Time
	}
}

// openPage begins a page: at its load, or at a click on Try again. A page that
// was loaded and did nothing yet is the same page.
func (s *esp) openPage(r *espRecord, retry bool) {
	if s.page.open() && !s.started && !retry {
		s.page.seen(r.Event)
		return
	}
	s.leavePage(r)
	s.page = s.b.span(KindPage, "page", r.Event)
	s.loaded, s.started, s.clocked, s.retry = r.Time, false, false, retry
	s.join()
}

// leavePage closes what a page load or a reboot cut off.
func (s *esp) leavePage(r *espRecord) {
	if s.page.open() {
		s.page.set("ended-by", "page load")
		s.cancel(s.page, r)
	}
	s.closeInner(r)
}

// cancel closes a span that was cut off before r.
func (s *esp) cancel(d *draft, r *espRecord) {
	d.State = StateCancelled
	d.End = r.Time
	if s.session != nil && !s.session.LastSeen.IsZero() {
		d.End = s.session.LastSeen
	}
}

// closeInner closes the phase, subcategories and provider wait that are still
// open when their page ends.
func (s *esp) closeInner(r *espRecord) {
	for _, id := range sortedKeys(s.subs) {
		s.cancel(s.subs[id], r)
	}
	clear(s.subs)
	for _, d := range []*draft{s.phase, s.wait} {
		if d.open() {
			s.cancel(d, r)
		}
	}
	s.phase, s.wait = nil, nil
}

func sortedKeys(m map[string]*draft) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// join puts the page into its session, or begins one.
func (s *esp) join() {
	if s.session == nil || s.reset {
		s.newSession()
	}
	s.page.session, s.page.parent = s.session, s.session
	s.pages = append(s.pages, s.page)
}

func (s *esp) newSession() {
	s.outcome()
	d := &draft{source: event.ShellCore}
	d.Kind, d.Start, d.State = KindSession, s.loaded, StateRunning
	d.Evidence = []event.Pos{s.page.Evidence[0]}
	s.b.spans = append(s.b.spans, d)
	s.b.addSession(d)
	if s.session != nil { // of whom the next one is, its records will tell
		s.user = ""
	}
	s.session, s.pages, s.reset, s.prepped = d, nil, false, false
}

// needPage opens a page where the log begins in the middle of one.
func (s *esp) needPage(r *espRecord) {
	if !s.page.open() {
		s.openPage(r, false)
	}
}

// needAnyPage does so for records of an ending, which may follow the end of
// their page.
func (s *esp) needAnyPage(r *espRecord) {
	if s.page == nil {
		s.openPage(r, false)
	}
}

// startClock notes that the page began to count: its timeout runs from here.
func (s *esp) startClock(r *espRecord) {
	if s.page.open() && s.clocked {
		s.openNext(r)
	}
	s.needPage(r)
	s.page.Start, s.clocked = r.Time, true
	s.page.seen(r.Event)
	if n, ok := r.minutes(); ok {
		s.page.set("timeout-minutes", strconv.FormatInt(n, 10))
		s.applied = event.Number("esp.timeout-minutes", "", n, r.Pos)
		s.applied.Time = r.Time
	}
}

// openNext leaves the page for a new one.
func (s *esp) openNext(r *espRecord) {
	s.started = true
	s.openPage(r, false)
}

func (s *esp) startPhase(r *espRecord) {
	id := r.category()
	if id == "" {
		return
	}
	s.needPage(r)
	if id == "DevicePreparationCategory" {
		s.prepare(r)
	}
	if s.phase.open() {
		s.cancel(s.phase, r)
	}
	if !s.clocked {
		s.page.Start, s.clocked = r.Time, true
	}
	s.started = true
	switch {
	case id == "AccountSetupCategory" && s.page.Name != "device":
		s.page.Name = "account"
	case id != "AccountSetupCategory":
		s.page.Name = "device"
	}
	s.phase = s.b.span(KindPhase, strings.TrimSuffix(id, "Category"), r.Event)
	s.phase.parent, s.phase.session = s.page, s.session
	if id == "AccountSetupCategory" {
		s.ofUser(s.phase, s.page, s.session)
	}
}

// prepare decides whether a new start of Device preparation is a new attempt:
// it is, unless the page came back after a reboot or by Try again.
func (s *esp) prepare(r *espRecord) {
	if s.prepped && !s.retry && !s.started && len(s.pages) > 1 {
		before := s.pages[len(s.pages)-2]
		finished := before.State != StateCancelled && !before.open()
		if finished || r.Time.Sub(before.until()) > 24*time.Hour && !before.until().IsZero() {
			s.pages = s.pages[:len(s.pages)-1]
			s.session.LastSeen = before.until()
			s.newSession()
			s.page.session, s.page.parent = s.session, s.session
			s.pages = append(s.pages, s.page)
		}
	}
	s.prepped = true
}

func (s *esp) endPhase(r *espRecord, state State) {
	id := strings.TrimSuffix(r.category(), "Category")
	if s.phase.open() && (id == "" || id == s.phase.Name) {
		s.phase.end(r.Event, state)
		if s.phase.Code == 0 {
			s.phase.Code = r.code
		}
	} else if id != "" {
		s.lostPhase(r, id, state)
	}
	if state == StateFailed && s.page.open() && !strings.Contains(r.message, "failedFromPrevious") {
		s.failPage(r)
	}
}

// lostPhase notes a category whose start is not in the log. One that is said
// to fail after its page failed never ran: it failed with the one before it.
func (s *esp) lostPhase(r *espRecord, id string, state State) {
	s.needAnyPage(r)
	d := s.b.span(KindPhase, id, r.Event)
	d.parent, d.session = s.page, s.session
	if state == StateFailed && (!s.page.open() || strings.Contains(r.message, "failedFromPrevious")) {
		d.end(r.Event, StateSkipped)
		return
	}
	d.Start = time.Time{}
	d.end(r.Event, state)
	d.Code = r.code
	s.started = true
}

// failPage notes that the page failed; the error buttons follow.
func (s *esp) failPage(r *espRecord) {
	if s.phase != nil && s.page.Code == 0 {
		s.page.Code = s.phase.Code
	}
	s.endPage(r, StateFailed)
}

func (s *esp) startSubcategory(r *espRecord) {
	id, _ := r.subcategory()
	if id == "" {
		return
	}
	s.needPage(r)
	if d := s.subs[id]; d.open() {
		s.cancel(d, r)
	}
	s.subs[id] = s.newSubcategory(r, id)
}

func (s *esp) newSubcategory(r *espRecord, id string) *draft {
	d := s.b.span(KindSubcategory, id, r.Event)
	d.session, d.parent = s.session, s.page
	if s.phase != nil && strings.HasPrefix(id, s.phase.Name+".") {
		d.parent = s.phase
	}
	return d
}

func (s *esp) endSubcategory(r *espRecord) {
	id, word := r.subcategory()
	if id == "" {
		return
	}
	state := subcategoryState(word)
	if state == "" {
		state = StateFailed
		if strings.HasSuffix(r.name, "_Success") {
			state = StateSucceeded
		}
	}
	s.needAnyPage(r)
	d := s.subs[id]
	if d == nil {
		d = s.newSubcategory(r, id)
		if state != StateSkipped { // it ran, and its start is lost
			d.Start = time.Time{}
		}
	}
	delete(s.subs, id)
	if word != "" {
		d.set("state", word)
	}
	if state == StateRunning { // said to be in progress: still open
		s.subs[id] = d
		d.seen(r.Event)
		return
	}
	d.end(r.Event, state)
	if d.Code == 0 {
		d.Code = r.code
	}
	if state == StateFailed && d.parent != nil && d.parent.Kind == KindPhase && d.parent.Code == 0 {
		d.parent.Code = d.Code
	}
}

func (s *esp) endPage(r *espRecord, state State) {
	if !s.page.open() {
		if s.page != nil {
			s.page.seen(r.Event)
		}
		return
	}
	s.page.end(r.Event, state)
	if state == StateFailed && s.timedOut(r) {
		s.page.State = StateTimedOut
	}
	s.closeInner(r)
}

// timedOut reports whether the page ended when its timeout ran out: within
// two minutes after, since what the page does then takes a moment.
func (s *esp) timedOut(r *espRecord) bool {
	for _, f := range s.page.Fields {
		if f.Name != "timeout-minutes" {
			continue
		}
		n, _ := strconv.ParseInt(f.Value, 10, 32)
		ran := r.Time.Sub(s.page.Start)
		limit := time.Duration(n) * time.Minute
		return n > 0 && s.clocked && ran >= limit-5*time.Second && ran <= limit+2*time.Minute
	}
	return false
}

// note marks the page with something the user did.
func (s *esp) note(r *espRecord, what string) {
	if s.page != nil {
		s.page.set(what, "true")
		s.page.seen(r.Event)
	}
}

func (s *esp) blocking(r *espRecord) {
	if n, ok := hexCode(r.message); ok && s.blocked.Name == "" {
		s.blocked = event.Number("esp.block-in-status-page", "", int64(n), r.Pos)
	}
}

// readSubject reads the records of a subcategory's own work.
func (s *esp) readSubject(r *espRecord) {
	switch r.name {
	case "ESPProgress_WhiteGloveMode_True", "ESPDevicePreparation_WhiteGlove_Started":
		if s.session != nil {
			s.session.set("pre-provisioning", "true")
		}
		return
	}
	id := r.subject()
	if id == "" {
		return
	}
	if d := s.subs[id]; d.open() && r.code != 0 {
		d.Code = r.code
		d.seen(r.Event)
	}
	if _, step, ok := strings.Cut(r.name, "PolicyProvidersInstallation_"); ok {
		s.readWait(r, step)
	}
}
