package resolve

import "strings"

// Expand replaces $(NAME) by the variable's value as Kubernetes does in env, command and args: $$ is one dollar, and what names
// no variable stays as it is.
func Expand(text string, values map[string]string) string {
	if !strings.Contains(text, "$") {
		return text
	}
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '$' || i+1 == len(text) {
			out.WriteByte(text[i])
			continue
		}
		switch text[i+1] {
		case '$':
			out.WriteByte('$')
			i++
		case '(':
			end := strings.IndexByte(text[i:], ')')
			if end < 0 {
				// Not closed: "$(" is text.
				out.WriteString("$(")
				i++
				continue
			}
			if value, ok := values[text[i+2:i+end]]; ok {
				out.WriteString(value)
			} else {
				out.WriteString(text[i : i+end+1])
			}
			i += end
		default:
			out.WriteByte('$')
		}
	}
	return out.String()
}
