package device

import (
	"regexp"
	"strconv"
	"strings"

	"pulumi-kubeadm/virtual-kubelet/internal/serial/protocol"
)

// arguments are a request's words, read one after the other; the first that is wrong is kept.
type arguments struct {
	words []string
	err   error
}

var (
	names    = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)
	podNames = regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$`)
	uids     = regexp.MustCompile(`^[A-Za-z0-9][-A-Za-z0-9]{0,62}$`)
	versions = regexp.MustCompile(`^[0-9a-f]{1,64}$`)
)

func (a *arguments) next() string {
	word := a.words[0]
	a.words = a.words[1:]
	return word
}

func (a *arguments) wrong(word string) {
	if a.err == nil {
		a.err = refuse(protocol.CodeSyntax, "%q is no such argument", word)
	}
}

func (a *arguments) text(pattern *regexp.Regexp) string {
	word := a.next()
	if !pattern.MatchString(word) {
		a.wrong(word)
	}
	return word
}

func (a *arguments) number() int { return a.numberFrom(0) }

func (a *arguments) numberFrom(least int) int {
	word := a.next()
	value, err := strconv.Atoi(word)
	if err != nil || value < least {
		a.wrong(word)
	}
	return value
}

func (a *arguments) bytes() []byte {
	word := a.next()
	content, err := protocol.Decode(word)
	if err != nil {
		a.wrong(word)
	}
	return content
}

// request is one that the device knows: how many words it has, and what it does. The lock is held meanwhile.
type request struct {
	words int
	do    func(*Device, *arguments) (string, error)
}

var requests = map[string]request{
	"hello":    {1, (*Device).hello},
	"status":   {3, (*Device).status},
	"pod":      {3, (*Device).makePod},
	"scratch":  {2, (*Device).scratch},
	"file":     {8, (*Device).file},
	"volume":   {4, (*Device).volume},
	"attempt":  {4, (*Device).attempt},
	"document": {7, (*Device).document},
	"start":    {4, (*Device).start},
	"stop":     {4, (*Device).stop},
	"remove":   {1, (*Device).remove},
	"seek":     {5, (*Device).seek},
	"log":      {5, (*Device).log},
	"message":  {5, (*Device).message},
	"stats":    {2, (*Device).stats},
}

// Answer does what a request asks and returns the answer's body. Every request may come twice.
func (d *Device) Answer(body string) string {
	words := strings.Split(body, " ")
	known, ok := requests[words[0]]
	if !ok {
		return d.refused(refuse(protocol.CodeUnknown, "the device does not know %q", words[0]))
	}
	if len(words)-1 != known.words {
		return d.refused(refuse(protocol.CodeSyntax, "%s has %d arguments, not %d", words[0], known.words, len(words)-1))
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	answer, err := known.do(d, &arguments{words: words[1:]})
	if err != nil {
		return d.refused(err)
	}
	return strings.TrimSuffix("ok "+answer, " ")
}
