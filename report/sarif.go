package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/url"
	"slices"
	"strings"
)

// The parts of SARIF 2.1.0 (OASIS standard "Static Analysis Results Interchange
// Format") that a report fills. A run is a case, a rule a reporting descriptor,
// a finding a result, a quote a location, a file an artifact, and what could not
// be read a notification.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Automation  sarifAutomation   `json:"automationDetails"`
		Invocations []sarifInvocation `json:"invocations"`
		Artifacts   []sarifArtifact   `json:"artifacts"`
		Results     []sarifResult     `json:"results"`
		Properties  sarifRunBag       `json:"properties"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifAutomation struct {
		ID string `json:"id"`
	}
	sarifRule struct {
		ID         string       `json:"id"`
		Short      sarifText    `json:"shortDescription"`
		Help       *sarifText   `json:"help,omitempty"`
		HelpURI    string       `json:"helpUri,omitempty"`
		Properties sarifRuleBag `json:"properties"`
	}
	sarifRuleBag struct {
		Version string   `json:"version,omitempty"`
		Tags    []string `json:"tags,omitempty"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		Notifications []sarifNotification `json:"toolExecutionNotifications"`
	}
	sarifNotification struct {
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations,omitempty"`
	}
	sarifArtifact struct {
		Location sarifURI          `json:"location"`
		Length   int64             `json:"length"`
		Hashes   map[string]string `json:"hashes,omitempty"`
	}
	sarifURI struct {
		URI string `json:"uri"`
	}
	sarifResult struct {
		RuleID       string            `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Kind         string            `json:"kind"`
		Level        string            `json:"level"`
		Message      sarifText         `json:"message"`
		Locations    []sarifLocation   `json:"locations,omitempty"`
		Related      []sarifLocation   `json:"relatedLocations,omitempty"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		Properties   sarifResultBag    `json:"properties"`
	}
	sarifResultBag struct {
		Role       string   `json:"role"`
		Root       bool     `json:"root"`
		Confidence string   `json:"confidence,omitempty"`
		Session    int      `json:"session,omitempty"`
		When       string   `json:"when,omitempty"`
		Explains   []string `json:"explains,omitempty"`
		Collect    string   `json:"collect,omitempty"`
	}
	sarifRunBag struct {
		Verdict  string `json:"verdict"`
		Redacted string `json:"redacted,omitempty"`
	}
	sarifLocation struct {
		ID       int            `json:"id,omitempty"`
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
		Message  *sarifText     `json:"message,omitempty"`
	}
	sarifLogical struct {
		Name string `json:"name"`
	}
	sarifPhysical struct {
		Artifact sarifURI     `json:"artifactLocation"`
		Region   *sarifRegion `json:"region,omitempty"`
	}
	sarifRegion struct {
		StartLine int        `json:"startLine,omitempty"`
		Snippet   *sarifText `json:"snippet,omitempty"`
	}
)

// openRule stands for all questions that stayed open: readers of SARIF want a
// rule for every result.
var openRule = sarifRule{ID: "debrief.open", Short: sarifText{"A question that the collected evidence does not answer"}}

// WriteSARIF renders reports as one SARIF 2.1.0 log, a run for each. The error is
// that of w.
func WriteSARIF(w io.Writer, views []*View) error {
	out := sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{}}
	for _, v := range views {
		out.Runs = append(out.Runs, v.sarif())
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

func (v *View) sarif() sarifRun {
	run := sarifRun{
		Tool:       sarifTool{sarifDriver{Name: v.Tool.Name, Version: v.Tool.Version, Rules: []sarifRule{}}},
		Automation: sarifAutomation{"debrief/" + strings.Join(v.Case, "+") + "/"},
		Artifacts:  []sarifArtifact{}, Results: []sarifResult{},
		Properties: sarifRunBag{v.Verdict.Line(), v.Redacted},
	}
	invocation := sarifInvocation{Successful: true, Notifications: []sarifNotification{}}
	for _, p := range v.Problems {
		level := "note"
		if p.Lost {
			level = "warning"
		}
		invocation.Notifications = append(invocation.Notifications, sarifNotification{level, sarifText{p.Text}, sarifPlaces(p.Place)})
	}
	run.Invocations = []sarifInvocation{invocation}
	for i := range v.Coverage.Files {
		f := &v.Coverage.Files[i]
		a := sarifArtifact{Location: sarifPath(f.Path), Length: f.Bytes}
		if f.SHA256 != "" {
			a.Hashes = map[string]string{"sha-256": f.SHA256}
		}
		run.Artifacts = append(run.Artifacts, a)
	}
	if v.Root != nil {
		run.add(v.Root, true)
	}
	for _, list := range [][]Finding{v.Also, v.Unexplained} {
		for i := range list {
			run.add(&list[i], false)
		}
	}
	for _, o := range v.Open {
		run.Results = append(run.Results, sarifResult{
			RuleID: openRule.ID, RuleIndex: run.rule(openRule), Kind: "open", Level: "none", Message: sarifText{o.Question + ": " + o.Why},
			Fingerprints: fingerprint(openRule.ID, o.Question), Properties: sarifResultBag{Role: "question", Collect: o.Collect},
		})
	}
	return run
}

// add makes results of a finding and of the symptoms that it explains.
func (run *sarifRun) add(f *Finding, root bool) {
	rule := sarifRule{ID: f.Rule, Short: sarifText{f.Title}, Properties: sarifRuleBag{f.Version, f.Area}}
	var help []string
	for _, s := range f.Steps {
		help = append(help, s.Do)
	}
	if len(help) > 0 {
		rule.Help = &sarifText{strings.Join(help, "\n")}
	}
	for _, r := range f.References {
		if u, err := url.Parse(r); err == nil && u.Scheme == "https" && u.Host != "" {
			rule.HelpURI = r
			break
		}
	}
	result := sarifResult{
		RuleID: f.Rule, RuleIndex: run.rule(rule), Kind: "fail", Level: sarifLevel(f), Message: sarifText{f.Message},
		Fingerprints: fingerprint(f.Rule, f.Instance), Properties: sarifResultBag{Role: f.Role, Root: root, Confidence: f.Confidence, Session: f.Session, When: f.When.UTC},
	}
	if result.Level == "none" {
		result.Kind = "informational"
	}
	for i := range f.Evidence {
		at := sarifQuote(&f.Evidence[i])
		if i == 0 {
			result.Locations = append(result.Locations, at)
			continue
		}
		at.ID = i
		result.Related = append(result.Related, at)
	}
	for i := range f.Symptoms {
		result.Properties.Explains = append(result.Properties.Explains, f.Symptoms[i].Rule)
	}
	run.Results = append(run.Results, result)
	for i := range f.Symptoms {
		s := &f.Symptoms[i]
		r := sarifResult{
			RuleID: s.Rule, RuleIndex: run.rule(sarifRule{ID: s.Rule, Short: sarifText{s.Title}}), Kind: "fail", Level: "note", Message: sarifText{s.Message},
			Fingerprints: fingerprint(s.Rule, "of "+f.Rule), Properties: sarifResultBag{Role: s.Role, When: s.When.UTC},
		}
		if len(s.Evidence) > 0 {
			r.Locations = []sarifLocation{sarifQuote(&s.Evidence[0])}
		}
		run.Results = append(run.Results, r)
	}
}

// rule returns the index of a rule's descriptor, which is the first one given.
func (run *sarifRun) rule(r sarifRule) int {
	list := &run.Tool.Driver.Rules
	i := slices.IndexFunc(*list, func(o sarifRule) bool { return o.ID == r.ID })
	if i < 0 {
		*list = append(*list, r)
		i = len(*list) - 1
	}
	return i
}

// sarifLevel is error for what made the enrolment fail, warning for what may
// make it fail, none for what is told beside.
func sarifLevel(f *Finding) string {
	switch f.Impact {
	case "failure":
		return "error"
	case "warning":
		return "warning"
	}
	return "none"
}

func sarifQuote(q *Quote) sarifLocation {
	at := sarifPlace(q.Place)
	if q.Text != "" {
		if at.Physical.Region == nil {
			at.Message = &sarifText{q.Text}
		} else {
			at.Physical.Region.Snippet = &sarifText{q.Text}
		}
	}
	return at
}

// sarifPlace has a region only for lines of text; the record of an event log is
// a logical location.
func sarifPlace(p Place) sarifLocation {
	at := sarifLocation{Physical: sarifPhysical{Artifact: sarifPath(p.File)}}
	switch {
	case p.Line > 0:
		at.Physical.Region = &sarifRegion{StartLine: p.Line}
	case p.Record > 0:
		at.Logical = []sarifLogical{{p.Shown}}
	}
	return at
}

func sarifPlaces(p Place) []sarifLocation {
	if p.File == "" {
		return nil
	}
	return []sarifLocation{sarifPlace(p)}
}

// sarifPath makes a relative URI reference of a path inside the case.
func sarifPath(path string) sarifURI {
	u := url.URL{Path: path}
	s := u.EscapedPath()
	if first, _, _ := strings.Cut(s, "/"); strings.Contains(first, ":") {
		s = "./" + s // a colon would end a scheme
	}
	return sarifURI{s}
}

// fingerprint tells a finding again in a later run, wherever its lines stand then.
func fingerprint(rule, instance string) map[string]string {
	sum := sha256.Sum256([]byte(rule + "\x00" + instance))
	return map[string]string{"debriefFinding/v1": hex.EncodeToString(sum[:8])}
}
