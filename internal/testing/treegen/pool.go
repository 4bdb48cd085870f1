package treegen

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// piecesPerKind bounds the pool to some hundred kilobytes of each kind, so that a piece
// has left the window of DEFLATE, 32 KiB, before it is repeated.
const piecesPerKind = 400

// pool holds pieces of text that are rendered once.
type pool struct {
	pieces [pools][][]byte
}

func newPool(rng *rand.Rand) *pool {
	p := new(pool)
	render := [pools]func(*rand.Rand) string{
		containers: containerPiece,
		ports:      portPiece,
		files:      filePiece,
		rules:      rulePiece,
		properties: propertyPiece,

		values:         valuePiece,
		ciphertexts:    ciphertextPiece,
		jsonContainers: jsonContainerPiece,
		jsonFiles:      jsonFilePiece,
	}
	for part, piece := range render {
		for range piecesPerKind {
			p.pieces[part] = append(p.pieces[part], []byte(piece(rng)))
		}
	}
	return p
}

func pick[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }

// sentence returns n words.
func sentence(rng *rand.Rand, n int) string {
	text := make([]string, n)
	for i := range text {
		text[i] = pick(rng, words)
	}
	return strings.Join(text, " ")
}

func containerPiece(rng *rand.Rand) string {
	var b strings.Builder
	fmt.Fprintf(&b, "        imagePullPolicy: IfNotPresent\n        args: [--%s=%s, \"--listen=:%d\"]\n        env:\n",
		pick(rng, words), pick(rng, words), 1024+rng.IntN(9000))
	for i := range 3 + rng.IntN(4) {
		name := strings.ToUpper(pick(rng, words) + "_" + pick(rng, words))
		fmt.Fprintf(&b, "          - name: %s_%d\n            value: %s\n", name, i, scalar(rng))
	}
	fmt.Fprintf(&b, `        ports:
          - name: http
            containerPort: %d
            protocol: TCP
        resources:
          requests: {cpu: %dm, memory: %dMi}
          limits:
            memory: %dMi
        readinessProbe:
          httpGet:
            path: /%s
            port: http
          periodSeconds: %d
        volumeMounts:
          - name: config
            mountPath: /etc/%s/%s
            readOnly: true
`, 1024+rng.IntN(9000), 10*rng.IntN(100), 32*rng.IntN(64), 64*rng.IntN(64),
		pick(rng, words), 5+rng.IntN(30), pick(rng, words), pick(rng, words))
	return b.String()
}

// scalar returns the value of a variable: mostly one line in quotes, else several lines.
func scalar(rng *rand.Rand) string {
	one, two := sentence(rng, 1+rng.IntN(2)), sentence(rng, 4)
	switch rng.IntN(8) {
	case 0:
		return fmt.Sprintf("%s\n              %s", two, one)
	case 1:
		return fmt.Sprintf("\"%s \\\n              %s\"", two, one)
	case 2:
		return fmt.Sprintf("'it''s %s\n              %s'", two, one)
	default:
		return fmt.Sprintf("%q", one)
	}
}

func portPiece(rng *rand.Rand) string {
	return fmt.Sprintf("      protocol: TCP\n      targetPort: %d\n", 1024+rng.IntN(40000))
}

// filePiece returns a file for a ConfigMap: a server's configuration, properties, or a
// script.
func filePiece(rng *rand.Rand) string {
	var b strings.Builder
	format := rng.IntN(3)
	for range 6 + rng.IntN(8) {
		one, two, three := pick(rng, words), pick(rng, words), pick(rng, words)
		switch format {
		case 0:
			fmt.Fprintf(&b, "    location /%s/%s {\n      proxy_pass http://%s.%s.svc.cluster.local:%d;\n"+
				"      proxy_set_header Host $host;\n      proxy_read_timeout %ds;\n    }\n",
				one, two, three, one, 1024+rng.IntN(9000), rng.IntN(300))
		case 1:
			fmt.Fprintf(&b, "    %s.%s.%s=%s\n    %s.%s.enabled=%t\n    %s.%s.timeout.seconds=%d\n",
				one, two, three, pick(rng, words), one, two, rng.IntN(2) == 0, one, three, rng.IntN(3600))
		default:
			fmt.Fprintf(&b, "    if [ -z \"${%s_%s:-}\" ]; then\n      echo \"%s: %s is not set\" >&2\n      exit %d\n    fi\n",
				strings.ToUpper(one), strings.ToUpper(two), three, sentence(rng, 2), rng.IntN(100))
		}
	}
	return b.String()
}

func rulePiece(rng *rand.Rand) string {
	var b strings.Builder
	fmt.Fprintf(&b, "    apiGroups:\n      - %s.example.com\n    resources:\n", pick(rng, words))
	for range 1 + rng.IntN(3) {
		fmt.Fprintf(&b, "      - %ss\n", pick(rng, words))
	}
	b.WriteString("    verbs:\n")
	for _, verb := range []string{"get", "list", "watch", "create", "update", "patch", "delete"} {
		if rng.IntN(2) == 0 || verb == "get" {
			fmt.Fprintf(&b, "      - %s\n", verb)
		}
	}
	return b.String()
}

// propertyPiece returns a field for the schema of a custom resource.
func propertyPiece(rng *rand.Rand) string {
	var b strings.Builder
	fmt.Fprintf(&b, "              description: |-\n                %s.\n\n                %s:\n                %s.\n              type: object\n              properties:\n",
		sentence(rng, 8+rng.IntN(5)), sentence(rng, 3), sentence(rng, 6+rng.IntN(5)))
	for i := range 2 + rng.IntN(4) {
		fmt.Fprintf(&b, "                %s%d:\n                  description: %s\n", pick(rng, words), i, sentence(rng, 3+rng.IntN(9)))
		if rng.IntN(2) == 0 { // wrapped at 80 characters, as generators do
			fmt.Fprintf(&b, "                    %s\n", sentence(rng, 4+rng.IntN(4)))
		}
		switch rng.IntN(4) {
		case 0:
			fmt.Fprintf(&b, "                  type: integer\n                  format: int32\n                  minimum: %d\n", rng.IntN(100))
		case 1:
			b.WriteString("                  type: boolean\n                  default: false\n")
		case 2:
			fmt.Fprintf(&b, "                  type: string\n                  maxLength: %d\n                  pattern: ^[a-z0-9]([-a-z0-9]*[a-z0-9])?$\n", rng.IntN(300))
		default:
			b.WriteString("                  type: array\n                  items:\n                    type: string\n                  x-kubernetes-list-type: atomic\n")
		}
	}
	return b.String()
}
