package redact

import (
	"bytes"
	"strings"
	"testing"
)

func fixed(t testing.TB) *Redactor {
	t.Helper()
	r, err := New(bytes.Repeat([]byte{7}, KeyBytes))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestString(t *testing.T) {
	r := fixed(t)
	r.Learn(Device, "LAB-PC-0042")
	r.Learn(Serial, "5CG1234XYZ")
	r.LearnDomain("fabrikam.onmicrosoft.com")
	r.LearnFrom(`C:\Users\jane.doe\AppData`)
	r.LearnFrom("device id: 11111111-2222-3333-4444-555555555555, tenant id 0a1b2c3d-0000-1111-2222-333344445555")
	for _, tt := range []struct {
		name, in  string
		gone      []string
		stays     []string
		unchanged bool
	}{
		{name: "mail", in: "user jane.doe@fabrikam.com failed", gone: []string{"jane", "fabrikam"}, stays: []string{"user ", " failed"}},
		{name: "path", in: `C:\Users\Jane.Doe\x.log`, gone: []string{"Jane", "Doe"}, stays: []string{`C:\Users\`, `\x.log`}},
		{name: "escaped_path", in: `{"p":"C:\\Users\\JANE.DOE\\x"}`, gone: []string{"JANE"}},
		{name: "device_in_any_case", in: "on lab-pc-0042, LAB-PC-0042.fabrikam.local", gone: []string{"lab-pc", "LAB-PC", "fabrikam"}},
		{name: "serial", in: "SerialNumber=5CG1234XYZ;", gone: []string{"5CG1234XYZ"}},
		{name: "sid", in: "S-1-5-21-111-222-333-1001 and S-1-12-1-1-2-3-4", gone: []string{"-1001", "S-1-12-1"}},
		{name: "well_known_sid", in: "S-1-5-18", unchanged: true},
		{name: "addresses", in: "from 10.1.2.3 and fe80::1:2:3 to 203.0.113.7", gone: []string{"10.1.2.3", "fe80::1", "203.0.113.7"}},
		{name: "versions_and_times_stay", in: "5.0.9128.1007 at 10:11:12, 127.0.0.1, 4.0.0.0, AgentVersion: 1.77.112.9, AAD::Core::Beef, 1.2.3.4.5", unchanged: true},
		{name: "mac", in: "00-15-5D-01-02-03", gone: []string{"5D"}},
		{name: "names_that_Windows_gives", in: "from DESKTOP-1A2B3C4 and LAPTOP-A1B2C3D4 to WIN-ABCDEFGH1JK", gone: []string{"1A2B3C4", "A1B2C3D4", "ABCDEFGH1JK"}},
		{name: "what_only_looks_like_one", in: "WIN-32 and DESKTOP-SETTINGS", unchanged: true},
		{name: "secrets", in: "/regtoken:abcdefg sig=1&sig=xyz123", gone: []string{"abcdefg", "xyz123"}, stays: []string{Struck}},
		{name: "hardware_hash", in: strings.Repeat("T0GxAwEA", 40), gone: []string{"T0GxAwEA"}},
		{name: "identifiers_of_products_stay", in: "app 5b0c7a11-3d52-4c1e-9d0a-7f6e5d4c3b2a code 0x80070643 ./Device/Vendor/MSFT", unchanged: true},
		{name: "part_of_a_word_stays", in: "fabrikamish", unchanged: true},
		{name: "short_user_name", in: `C:\Users\bo\x.log`, gone: []string{`\bo\`}, stays: []string{`\x.log`}},
		{name: "users_of_nobody", in: `C:\Users\Public\x and C:\Users\defaultuser0\y`, unchanged: true},
		{name: "cut_value", in: "joined as LAB-PC-0…", gone: []string{"LAB"}, stays: []string{"joined as …"}},
		{name: "cut_word", in: "joined as a user…", unchanged: true},
		{name: "tenant_id", in: `"TenantId":"0A1b2c3d-0000-1111-2222-333344445555"`, gone: []string{"0A1b", "0a1b"}},
		{name: "url", in: "https://cmg.fabrikam.com/CCM_Proxy?u=jane.doe%40fabrikam.com", gone: []string{"fabrikam", "jane"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := r.String(tt.in)
			for _, g := range tt.gone {
				if strings.Contains(got, g) {
					t.Errorf("%q holds %q", got, g)
				}
			}
			for _, s := range tt.stays {
				if !strings.Contains(got, s) {
					t.Errorf("%q lacks %q", got, s)
				}
			}
			if tt.unchanged && got != tt.in {
				t.Errorf("%q became %q", tt.in, got)
			}
			if again := r.String(got); again != got {
				t.Errorf("%q is changed again to %q", got, again)
			}
		})
	}
}

func TestSecrets(t *testing.T) {
	// A made-up token of the right shape.
	const token = "eyJhbGciOiJSUzI1NiJ9.eyJ1cG4iOiJub2JvZHkifQ.c2lnbmF0dXJl"
	tests := []struct {
		name, in, want string
	}{
		{"registration token", "ccmsetup.exe /mp:https://x /regtoken:" + token + " /nocrlcheck", "ccmsetup.exe /mp:https://x /regtoken:[struck out] /nocrlcheck"},
		{"quoted token", `"RegToken" : "abc123"`, `"RegToken" : "[struck out]"`},
		{"token alone", "got " + token + ", ok", "got [struck out], ok"},
		{"password variable", "OSDJoinPassword=Sommer2024! end", "OSDJoinPassword=[struck out] end"},
		{"signature of a link", "GET https://x/y?sv=1&sig=AbC%2F&se=2", "GET https://x/y?sv=1&sig=[struck out]&se=2"},
		{"bearer", "Authorization: Bearer 0123456789abcdef0123", "Authorization: Bearer [struck out]"},
		{"the word alone", "password expired; the bearer of this", "password expired; the bearer of this"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Secrets(tt.in); got != tt.want {
				t.Errorf("Secrets = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestStandInsAreStable(t *testing.T) {
	a, b := fixed(t), fixed(t)
	other, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	const text = "jane.doe@fabrikam.com"
	if a.String(text) != b.String(text) || a.String(text) != a.String(strings.ToUpper(text)) {
		t.Error("the same value has different stand-ins")
	}
	if a.String(text) == other.String(text) {
		t.Error("another key gives the same stand-in")
	}
	if got := a.Summary(); got != "1 values (1 mail)" {
		t.Errorf("summary %q", got)
	}
}

func TestApply(t *testing.T) {
	type inner struct {
		Text  string
		lower string
	}
	v := struct {
		List []inner
		Ptr  *inner
		Map  map[string]string
		Num  int
	}{List: []inner{{"a@b.example", "a@b.example"}}, Ptr: &inner{Text: "a@b.example"}, Map: map[string]string{"k": "a@b.example"}, Num: 3}
	r := fixed(t)
	r.Study(&v)
	r.Apply(&v)
	for _, s := range []string{v.List[0].Text, v.Ptr.Text, v.Map["k"]} {
		if strings.Contains(s, "@") {
			t.Errorf("left: %q", s)
		}
	}
	if v.List[0].lower != "a@b.example" {
		t.Error("an unexported field was changed")
	}
}

// FuzzString holds that no learnt value stands as a word in what comes out.
func FuzzString(f *testing.F) {
	for _, s := range []string{`C:\Users\jane.doe\x`, "LAB-PC-0042", "a@b.example", "10.1.2.3", "fe80::1", "S-1-5-21-1-2-3", "\xff\xfeLAB-PC-0042", "İLAB-PC-0042 "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := fixed(t)
		r.Learn(Device, "LAB-PC-0042")
		r.LearnFrom(s)
		got := r.String(s)
		lower := strings.ToLower(got)
		for i := 0; i < len(lower); i++ {
			if (i == 0 || !isWord(lower[i-1])) && r.at(lower[i:]) != "" && isWord(lower[i]) {
				t.Fatalf("%q still holds %q", got, r.at(lower[i:]))
			}
		}
	})
}

func BenchmarkString(b *testing.B) {
	r := fixed(b)
	r.Learn(Device, "LAB-PC-0042")
	r.Learn(User, "jane.doe")
	text := strings.Repeat(`Successfully processed content request 4711 for C:\Users\jane.doe on LAB-PC-0042 from https://cmg.example.test/content. `, 100)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		r.String(text)
	}
}
