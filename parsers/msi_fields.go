package parsers

import (
	"strings"

	"debrief/event"
)

// msiFields reads what a line of an installer log says in a form of its own.
// The level is what the installer's own words are: "Error N." and "Warning N.".
func msiFields(text string) (event.Fields, event.Level) {
	level := event.LevelInfo
	switch {
	case strings.HasPrefix(text, "Action "):
		return actionFields(text), level
	case strings.HasPrefix(text, "Property("):
		return propertyFields(text), level
	case strings.HasPrefix(text, "Error "):
		if n, ok := messageNumber(text[len("Error "):]); ok {
			return event.Fields{{Name: "error", Value: n}}, event.LevelError
		}
	case strings.HasPrefix(text, "Warning "):
		if n, ok := messageNumber(text[len("Warning "):]); ok {
			return event.Fields{{Name: "warning", Value: n}}, event.LevelWarning
		}
	case strings.HasPrefix(text, "Product: "):
		return productFields(text[len("Product: "):])
	case strings.HasPrefix(text, "MainEngineThread is returning "):
		if n := digits(text[len("MainEngineThread is returning "):]); n != "" {
			return event.Fields{{Name: "code", Value: n}}, level
		}
	case strings.HasPrefix(text, "CustomAction "):
		return customActionFields(text[len("CustomAction "):]), level
	case strings.HasPrefix(text, "Doing action: "):
		return event.Fields{{Name: "action", Value: trim(text[len("Doing action: "):])}}, level
	case strings.HasPrefix(text, "Windows Installer "):
		return summaryFields(text), level
	}
	return nil, level
}

// actionFields reads "Action start T: Name.", "Action ended T: Name. Return
// value N." and "Action T: Name. Description".
func actionFields(text string) event.Fields {
	if _, rest, ok := cutAction(text, "Action ended "); ok {
		name, value, found := strings.Cut(rest, ". Return value ")
		f := event.Fields{{Name: "action", Value: strings.TrimSuffix(name, ".")}}
		if n := digits(value); found && n != "" {
			f = append(f, event.Field{Name: "return", Value: n})
		}
		return f
	}
	_, rest, ok := cutAction(text, "Action start ")
	if !ok {
		if _, rest, ok = cutAction(text, "Action "); !ok {
			return nil
		}
		rest, _, _ = strings.Cut(rest, ". ")
	}
	return event.Fields{{Name: "action", Value: strings.TrimSuffix(rest, ".")}}
}

// propertyFields reads "Property(S): Name = Value".
func propertyFields(text string) event.Fields {
	_, rest, ok := strings.Cut(text, "): ")
	if !ok {
		return nil
	}
	name, value, ok := strings.Cut(rest, " = ")
	if !ok {
		if name, ok = strings.CutSuffix(rest, " ="); !ok {
			return nil
		}
	}
	return event.Fields{{Name: "property", Value: name}, {Name: "value", Value: value}}
}

// installedMemory is the memory of the device in MB where the fields are those of
// the property PhysicalMemory (Microsoft Learn "PhysicalMemory property"); 0 = not.
func installedMemory(f event.Fields) int64 {
	if len(f) != 2 || f[0] != (event.Field{Name: "property", Value: "PhysicalMemory"}) {
		return 0
	}
	n, d := number(f[1].Value, 8)
	if d != len(f[1].Value) {
		return 0
	}
	return int64(n)
}

// productFields reads "Name -- text", where the text may be "Error N. …".
func productFields(text string) (event.Fields, event.Level) {
	name, rest, ok := strings.Cut(text, " -- ")
	if !ok {
		return nil, event.LevelInfo
	}
	f := event.Fields{{Name: "product", Value: name}}
	if tail, ok := strings.CutPrefix(rest, "Error "); ok {
		if n, ok := messageNumber(tail); ok {
			return append(f, event.Field{Name: "error", Value: n}), event.LevelError
		}
	}
	return f, event.LevelInfo
}

// customActionFields reads "Name returned actual error code N (note …)".
func customActionFields(text string) event.Fields {
	name, rest, ok := strings.Cut(text, " returned actual error code ")
	if !ok {
		return nil
	}
	f := event.Fields{{Name: "action", Value: name}}
	if n := digits(rest); n != "" {
		f = append(f, event.Field{Name: "code", Value: n})
	}
	return f
}

// summaryFields reads the last word of a run: "Windows Installer installed the
// product. Product Name: A. Product Version: 1.2. Product Language: 1033.
// Manufacturer: B. Installation success or error status: 1603."
func summaryFields(text string) event.Fields {
	_, rest, ok := strings.Cut(text, "Product Name: ")
	if !ok {
		return nil
	}
	var f event.Fields
	if name, tail, ok := strings.Cut(rest, ". Product Version: "); ok {
		f = append(f, event.Field{Name: "product", Value: name})
		if version, _, ok := strings.Cut(tail, ". Product Language: "); ok {
			f = append(f, event.Field{Name: "version", Value: version})
		}
	}
	if i := strings.LastIndex(rest, "error status: "); i >= 0 {
		if n := digits(rest[i+len("error status: "):]); n != "" {
			f = append(f, event.Field{Name: "code", Value: n})
		}
	}
	return f
}

// messageNumber reads the number of "25140. text".
func messageNumber(s string) (string, bool) {
	n := digits(s)
	return n, n != "" && strings.HasPrefix(s[len(n):], ".")
}

// digits returns the decimal number at the front of s, with its sign.
func digits(s string) string {
	i := 0
	if i < len(s) && s[i] == '-' {
		i++
	}
	_, n := number(s[i:], 10)
	if n == 0 {
		return ""
	}
	return s[:i+n]
}
