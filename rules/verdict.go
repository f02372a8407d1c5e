package rules

// Tri is a truth value of three: the evidence says yes, says no, or does not
// say. The zero value is Unknown.
type Tri int8

// The three values. Their order makes all = min and any = max.
const (
	False   Tri = -1
	Unknown Tri = 0
	True    Tri = 1
)

// String returns true, false or unknown.
func (t Tri) String() string {
	switch t {
	case True:
		return "true"
	case False:
		return "false"
	}
	return "unknown"
}

func not(t Tri) Tri { return -t }

func truth(b bool) Tri {
	if b {
		return True
	}
	return False
}

// Verdict is what became of a rule. The zero value is Inconclusive.
type Verdict uint8

const (
	// Inconclusive: the evidence at hand cannot decide.
	Inconclusive Verdict = iota
	// Silent: the rule does not apply, or its condition is false, or it healed.
	Silent
	// Fire: the condition is true.
	Fire
)

var verdictNames = [...]string{"inconclusive", "silent", "fire"}

// String returns the name as written in tests.
func (v Verdict) String() string { return nameOf(verdictNames[:], int(v)) }

// Confidence is a step of the evidence ladder. The zero value is none.
type Confidence uint8

// The ladder, weakest first.
const (
	NoConfidence Confidence = iota
	Weak                    // a hint
	Moderate                // the usual reading
	Strong                  // cause and effect are both seen
	Proven                  // the record states the cause itself
)

var confidenceNames = [...]string{"none", "weak", "moderate", "strong", "proven"}

// String returns the lower-case name.
func (c Confidence) String() string { return nameOf(confidenceNames[:], int(c)) }

// Role says what a rule's finding is in the story.
type Role uint8

// The roles.
const (
	NoRole Role = iota
	RoleCause
	RoleContributing
	RoleSymptom
	RoleContext
)

var roleNames = [...]string{"none", "cause", "contributing", "symptom", "context"}

// String returns the lower-case name.
func (r Role) String() string { return nameOf(roleNames[:], int(r)) }

// Impact says what a finding means for the enrolment.
type Impact uint8

// The impacts, mildest first.
const (
	ImpactNone Impact = iota
	ImpactWarning
	ImpactFailure
)

var impactNames = [...]string{"none", "warning", "failure"}

// String returns the lower-case name.
func (i Impact) String() string { return nameOf(impactNames[:], int(i)) }

// Outcome sums a Result up. The zero value is OutcomeInconclusive.
type Outcome uint8

const (
	// OutcomeInconclusive: the evidence does not allow a judgement.
	OutcomeInconclusive Outcome = iota
	// OutcomeNone: nothing wrong was found in evidence that would show it.
	OutcomeNone
	// OutcomeWarning: a risk was found, no failure.
	OutcomeWarning
	// OutcomeFailure: a failure was found.
	OutcomeFailure
)

var outcomeNames = [...]string{"inconclusive", "none", "warning", "failure"}

// String returns the lower-case name.
func (o Outcome) String() string { return nameOf(outcomeNames[:], int(o)) }

func nameOf(names []string, i int) string {
	if i >= 0 && i < len(names) {
		return names[i]
	}
	return "invalid"
}

// indexOf returns the place of s in names from first on, or -1.
func indexOf(names []string, first int, s string) int {
	for i := first; i < len(names); i++ {
		if names[i] == s {
			return i
		}
	}
	return -1
}
