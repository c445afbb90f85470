package policy

import (
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

func TestParseAge(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "30d": 30 * day, "2w": 14 * day, "1y": 365 * day, "12h": 12 * time.Hour, "1d12h": 36 * time.Hour, "90min": 90 * time.Minute,
		"1h30m0s": 90 * time.Minute, "30m0s": 30 * time.Minute, "45s": 45 * time.Second, "1y2w3d4h5min6s": 382*day + 4*time.Hour + 5*time.Minute + 6*time.Second,
		"0d": 0, "292y": 292 * 365 * day,
	} {
		if got, err := ParseAge(text); err != nil || got != want {
			t.Errorf("ParseAge(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"":                      "reading an age: it is empty",
		"30":                    `reading the age "30": "30" is no number with a unit`,
		"-1d":                   `reading the age "-1d": "-1d" is no number with a unit`,
		"+1d":                   `reading the age "+1d": "+1d" is no number with a unit`,
		"1.5d":                  `reading the age "1.5d": "1.5d" is no number with a unit`,
		"1d ":                   `reading the age "1d ": " " is no number with a unit`,
		"1d12":                  `reading the age "1d12": "12" is no number with a unit`,
		"1mo":                   `reading the age "1mo": "o" is no number with a unit`,
		"1D":                    `reading the age "1D": "1D" is no number with a unit`,
		"12h1d":                 `reading the age "12h1d": its units are not in the order of their size`,
		"1d1d":                  `reading the age "1d1d": its units are not in the order of their size`,
		"6m":                    `reading the age "6m": m can be minutes or months`,
		"293y":                  `reading the age "293y": it is longer than 292 years`,
		"292y1y":                `reading the age "292y1y": it is longer than 292 years`,
		"99999999999999999999d": `reading the age "99999999999999999999d": it is longer than 292 years`,
	} {
		if got, err := ParseAge(text); err == nil || err.Error() != want {
			t.Errorf("ParseAge(%q) = %v, %v, want %s", text, got, err, want)
		}
	}
	if _, err := ParseAge("6m"); hint.Of(err) != "write 6min for minutes, or months as days" {
		t.Errorf("hint %q", hint.Of(err))
	}
}

func FuzzAge(f *testing.F) {
	for _, text := range []string{"0", "30d", "1y2w3d4h5min6s", "1h30m0s", "6m", "-1d", "292y"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		age, err := ParseAge(text)
		if err != nil {
			return
		}
		if age < 0 {
			t.Errorf("%q is %v", text, age)
		}
		if again, err := ParseAge(FormatAge(age)); err != nil || again != age {
			t.Errorf("%q is %v, written %q, which is %v, %v", text, age, FormatAge(age), again, err)
		}
	})
}
