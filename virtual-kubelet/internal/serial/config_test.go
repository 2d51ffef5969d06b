package serial

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func load(t *testing.T, text string) (*Config, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "provider.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return loadConfig(file)
}

func TestConfigDefaults(t *testing.T) {
	c, err := load(t, "device: /dev/ttyUSB0")
	if err != nil {
		t.Fatal(err)
	}
	if c.Baud != 115200 || c.DataBits != 8 || c.Parity != "none" || c.StopBits != 1 || c.FlowControl != "none" ||
		c.MaxLine != 4096 || c.Timeout.Duration != time.Second || *c.Retries != 4 || c.PollInterval.Duration != time.Second {
		t.Fatalf("%+v", c)
	}
	if c, err = load(t, "device: /dev/ttyUSB0\nbaud: 9600\nretries: 0"); err != nil || c.MaxLine != 512 || *c.Retries != 0 {
		t.Fatalf("%+v, %v", c, err)
	}
	// Half a second of 19200 baud.
	if c, err = load(t, "device: /dev/ttyUSB0\nbaud: 19200"); err != nil || c.MaxLine < 900 || c.MaxLine > 1000 {
		t.Fatalf("%+v, %v", c, err)
	}
}

func TestConfigRefusals(t *testing.T) {
	for text, want := range map[string]string{
		"baud: 9600":                                "device: is needed",
		"device: /dev/ttyS0\nspeed: 9600":           `unknown field "speed"`,
		"device: /dev/ttyS0\nbaud: 1":               "baud: ",
		"device: /dev/ttyS0\nmaxLine: 100":          "maxLine: ",
		"device: /dev/ttyS0\ntimeout: 1ms":          "timeout: ",
		"device: /dev/ttyS0\nretries: -1":           "retries: ",
		"device: /dev/ttyS0\npollInterval: 1h":      "pollInterval: ",
		"device: /dev/ttyS0\nflowControl: hardware": "flowControl: ",
	} {
		if _, err := load(t, text); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "provider.yaml") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := New(t.Context(), "/no/such/file", "press-7"); err == nil {
		t.Error("a configuration that is not there")
	}
}

func TestTimes(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 500, time.UTC)
	var clock times
	clock.set(1, now.Unix(), now)
	if got := clock.time(now.Unix()); !got.Equal(now.Truncate(time.Second)) || clock.second(now) != now.Unix() {
		t.Errorf("a device with a clock: %s", got)
	}
	if !clock.time(0).IsZero() {
		t.Error("0 is no time")
	}
	// One without: 90 seconds after its start.
	clock.set(1, 90, now)
	started := clock.time(30)
	if want := now.Add(-time.Minute).Truncate(time.Second); !started.Equal(want) || clock.second(want) != 30 {
		t.Errorf("%s, wanted %s", started, want)
	}
	clock.set(1, 91, now.Add(3*time.Second))
	if !clock.time(30).Equal(started) {
		t.Error("the same second of the device became another time")
	}
	clock.set(2, 5, now)
	if got := clock.time(5); !got.Equal(now.Truncate(time.Second)) {
		t.Errorf("after a new start: %s", got)
	}
	if clock.second(now.Add(-time.Hour)) != 0 {
		t.Error("before the start is its start")
	}
}
