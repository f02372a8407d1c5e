package main

import (
	"encoding/xml"
	"io"
	"strings"

	"debrief/rules"
)

// The JUnit form of rule tests, as CI systems read it: a suite for each rule, a
// case for each test.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"` // the rule
		File    string        `xml:"file,attr"`
		Line    int           `xml:"line,attr"`
		Failure *junitFailure `xml:"failure"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// writeJUnit writes the results, which are in the order of their rules.
func writeJUnit(w io.Writer, results []rules.TestResult) error {
	out := junitSuites{Name: "debrief rules"}
	for i := range results {
		t := &results[i]
		if n := len(out.Suites); n == 0 || out.Suites[n-1].Name != t.Rule {
			out.Suites = append(out.Suites, junitSuite{Name: t.Rule})
		}
		suite := &out.Suites[len(out.Suites)-1]
		c := junitCase{Name: t.Test, Class: t.Rule, File: t.File, Line: t.Line}
		if !t.Passed() {
			c.Failure = &junitFailure{Message: t.Failures[0], Text: strings.Join(t.Failures, "\n")}
			suite.Failures++
			out.Failures++
		}
		suite.Cases = append(suite.Cases, c)
		suite.Tests++
		out.Tests++
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(out); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
