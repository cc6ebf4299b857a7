package main

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/veraison/go-cose"
	"golang.org/x/mod/sumdb/tlog"
)

// RFC 9942: receipts on a statement, the kind of tree, its proofs, those of inclusion among them.
const (
	labelReceipts   = int64(394)
	labelStructure  = int64(395)
	labelProofs     = int64(396)
	rfc9162SHA256   = int64(1)
	inclusionProofs = int64(-1)
)

// coseKey is a public key as COSE_Key, and the id under which signatures name it.
type coseKey struct {
	Key []byte `json:"key"`
	Kid []byte `json:"kid"`
}

type receiptsTask struct {
	Log        coseKey       `json:"log"`
	Issuer     coseKey       `json:"issuer"`
	Receipts   []receiptCase `json:"receipts"`
	Statements [][]byte      `json:"statements"`
	// Attach asks for each entry with its receipt in the unprotected header.
	Attach []receiptCase `json:"attach"`
	// Sign asks for a statement as an outside issuer makes it.
	Sign *signTask `json:"sign"`
}

type signTask struct {
	Secret  []byte `json:"secret"`
	Issuer  string `json:"issuer"`
	Subject string `json:"subject"`
	Type    string `json:"type"`
	Payload []byte `json:"payload"`
}

type receiptCase struct {
	Receipt []byte `json:"receipt"`
	Entry   []byte `json:"entry"`
}

type receiptAnswer struct {
	Index   uint64 `json:"index"`
	Size    uint64 `json:"size"`
	Root    []byte `json:"root"`
	Refused string `json:"refused,omitempty"`
}

type statementAnswer struct {
	Payload []byte `json:"payload"`
	Issuer  any    `json:"issuer"`
	Subject any    `json:"subject"`
	Refused string `json:"refused,omitempty"`
}

type receiptsAnswer struct {
	Receipts   []receiptAnswer   `json:"receipts"`
	Statements []statementAnswer `json:"statements"`
	Attached   [][]byte          `json:"attached"`
	Signed     []byte            `json:"signed"`
}

func checkReceipts(task receiptsTask) (*receiptsAnswer, error) {
	log, err := task.Log.verifier()
	if err != nil {
		return nil, usageError{err}
	}
	issuer, err := task.Issuer.verifier()
	if err != nil {
		return nil, usageError{err}
	}
	var outcome error
	answer := &receiptsAnswer{Receipts: []receiptAnswer{}, Statements: []statementAnswer{}}
	for _, given := range task.Receipts {
		found, err := checkReceipt(given, task.Log.Kid, log)
		if err != nil {
			found.Refused, outcome = err.Error(), errRefused
		}
		answer.Receipts = append(answer.Receipts, found)
	}
	for _, given := range task.Statements {
		found, err := checkStatement(given, task.Issuer.Kid, issuer)
		if err != nil {
			found.Refused, outcome = err.Error(), errRefused
		}
		answer.Statements = append(answer.Statements, found)
	}
	for _, given := range task.Attach {
		carried, err := attach(given)
		if err != nil {
			return nil, err
		}
		answer.Attached = append(answer.Attached, carried)
	}
	if task.Sign != nil {
		if answer.Signed, err = task.Sign.sign(task.Issuer.Kid); err != nil {
			return nil, err
		}
	}
	return answer, outcome
}

func (key coseKey) verifier() (cose.Verifier, error) {
	var parsed cose.Key
	if err := parsed.UnmarshalCBOR(key.Key); err != nil {
		return nil, err
	}
	return parsed.Verifier()
}

// checkReceipt recomputes the root from the entry and the path with one library, lets a second
// follow the same path, and hands the root to a third as the payload that was signed.
func checkReceipt(given receiptCase, kid []byte, log cose.Verifier) (receiptAnswer, error) {
	message, err := parseMessage(given.Receipt, kid)
	if err != nil {
		return receiptAnswer{}, err
	}
	if message.Payload != nil {
		return receiptAnswer{}, errors.New("it carries a root of its own")
	}
	if message.Headers.Protected[labelStructure] != rfc9162SHA256 {
		return receiptAnswer{}, errors.New("its tree is not RFC 9162's")
	}
	found, err := parseInclusion(message.Headers.Unprotected)
	if err != nil {
		return receiptAnswer{}, err
	}
	leaf := rfc6962.DefaultHasher.HashLeaf(given.Entry)
	root, err := proof.RootFromInclusionProof(
		rfc6962.DefaultHasher, found.Index, found.Size, leaf, found.Path)
	if err != nil {
		return receiptAnswer{}, err
	}
	if err := checkRecord(found, root, given.Entry); err != nil {
		return receiptAnswer{}, err
	}
	message.Payload = root
	if err := message.Verify(nil, log); err != nil {
		return receiptAnswer{}, err
	}
	return receiptAnswer{Index: found.Index, Size: found.Size, Root: root}, nil
}

type receiptProof struct {
	_     struct{} `cbor:",toarray"`
	Size  uint64
	Index uint64
	Path  [][]byte
}

func parseInclusion(header cose.UnprotectedHeader) (receiptProof, error) {
	proofs, _ := header[labelProofs].(map[any]any)
	list, _ := proofs[inclusionProofs].([]any)
	if len(list) != 1 {
		return receiptProof{}, errors.New("it holds no single proof of inclusion")
	}
	encoded, _ := list[0].([]byte)
	var found receiptProof
	err := cbor.Unmarshal(encoded, &found)
	return found, err
}

func checkRecord(found receiptProof, root, entry []byte) error {
	hashes := make(tlog.RecordProof, len(found.Path))
	for i, hash := range found.Path {
		if len(hash) != tlog.HashSize {
			return fmt.Errorf("a hash of %d bytes", len(hash))
		}
		hashes[i] = tlog.Hash(hash)
	}
	return tlog.CheckRecord(
		hashes, int64(found.Size), tlog.Hash(root), int64(found.Index), tlog.RecordHash(entry))
}

func checkStatement(data, kid []byte, issuer cose.Verifier) (statementAnswer, error) {
	message, err := parseMessage(data, kid)
	if err != nil {
		return statementAnswer{}, err
	}
	if err := message.Verify(nil, issuer); err != nil {
		return statementAnswer{}, err
	}
	claims, _ := message.Headers.Protected[cose.HeaderLabelCWTClaims].(map[any]any)
	return statementAnswer{
		Payload: message.Payload,
		Issuer:  claims[cose.CWTClaimIssuer],
		Subject: claims[cose.CWTClaimSubject],
	}, nil
}

func parseMessage(data, kid []byte) (*cose.Sign1Message, error) {
	var message cose.Sign1Message
	if err := message.UnmarshalCBOR(data); err != nil {
		return nil, err
	}
	named, _ := message.Headers.Protected[cose.HeaderLabelKeyID].([]byte)
	if !bytes.Equal(named, kid) {
		return nil, errors.New("it names another key")
	}
	return &message, nil
}

func attach(given receiptCase) ([]byte, error) {
	var message cose.Sign1Message
	if err := message.UnmarshalCBOR(given.Entry); err != nil {
		return nil, err
	}
	message.Headers.RawUnprotected = nil // otherwise the header is written as it was read
	message.Headers.Unprotected[labelReceipts] = []any{given.Receipt}
	return message.MarshalCBOR()
}

func (wanted *signTask) sign(kid []byte) ([]byte, error) {
	signer, err := cose.NewSigner(cose.AlgorithmEdDSA, ed25519.NewKeyFromSeed(wanted.Secret))
	if err != nil {
		return nil, err
	}
	headers := cose.Headers{Protected: cose.ProtectedHeader{
		cose.HeaderLabelAlgorithm: cose.AlgorithmEdDSA,
		cose.HeaderLabelKeyID:     kid,
		cose.HeaderLabelCWTClaims: cose.CWTClaims{
			cose.CWTClaimIssuer:  wanted.Issuer,
			cose.CWTClaimSubject: wanted.Subject,
		},
		cose.HeaderLabelType: wanted.Type,
	}}
	return cose.Sign1(nil, signer, headers, wanted.Payload, nil)
}
