package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// demand is who must have signed a checkpoint: either all who are named here, or those whom a
// trust policy file asks for.
type demand struct {
	signer             // the log's Ed25519 key; without one, its cosigners alone are asked
	Cosigners []string `json:"cosigners"`
	Policy    []byte   `json:"policy"`
}

type cosignedTask struct {
	demand
	Notes [][]byte `json:"notes"`
	// Sign asks for the first note with one ML-DSA-44 line more.
	Sign *mldsaSigner `json:"sign"`
}

type cosignedAnswer struct {
	Verdicts []cosignedVerdict `json:"verdicts"`
	Signed   []byte            `json:"signed"`
}

type cosignedVerdict struct {
	treeAnswer
	Times []int64 `json:"times"` // of each named cosigner's line, in the order of the task
}

func checkCosigned(task cosignedTask) (*cosignedAnswer, error) {
	policy, cosigners, err := task.policy()
	if err != nil {
		return nil, err
	}
	var outcome error
	answer := &cosignedAnswer{Verdicts: []cosignedVerdict{}}
	for _, data := range task.Notes {
		verdict, err := checkCosignatures(data, policy, cosigners)
		if err != nil {
			verdict.Refused, outcome = err.Error(), errRefused
		}
		answer.Verdicts = append(answer.Verdicts, verdict)
	}
	if task.Sign != nil && len(task.Notes) > 0 {
		if answer.Signed, err = task.Sign.addTo(task.Notes[0]); err != nil {
			return nil, err
		}
	}
	return answer, outcome
}

func checkCosignatures(
	data []byte, policy torchwood.Policy, cosigners []note.Verifier,
) (cosignedVerdict, error) {
	checkpoint, opened, err := torchwood.VerifyCheckpoint(data, policy)
	if err != nil {
		return cosignedVerdict{}, err
	}
	verdict := cosignedVerdict{treeAnswer: treeAnswer{Size: checkpoint.N, Root: checkpoint.Hash}}
	for _, cosigner := range cosigners {
		for _, line := range opened.Sigs {
			if line.Name != cosigner.Name() || line.Hash != cosigner.KeyHash() {
				continue
			}
			time, err := torchwood.CosignatureTimestamp(line)
			if err != nil {
				return cosignedVerdict{}, err
			}
			verdict.Times = append(verdict.Times, time)
		}
	}
	return verdict, nil
}

// policy gives what torchwood must find satisfied, and the named cosigners.
func (who demand) policy() (torchwood.Policy, []note.Verifier, error) {
	if who.Policy != nil {
		policy, err := torchwood.ParsePolicy(who.Policy)
		return policy, nil, err
	}
	parts := []torchwood.Policy{torchwood.OriginPolicy(who.Origin)}
	if who.Vkey != "" {
		log, err := note.NewVerifier(who.Vkey)
		if err != nil {
			return nil, nil, usageError{err}
		}
		parts = append(parts, torchwood.SingleVerifierPolicy(log))
	}
	var cosigners []note.Verifier
	for _, vkey := range who.Cosigners {
		cosigner, err := cosignerOf(vkey)
		if err != nil {
			return nil, nil, usageError{fmt.Errorf("%s: %w", vkey, err)}
		}
		cosigners = append(cosigners, cosigner)
		parts = append(parts, torchwood.SingleVerifierPolicy(cosigner))
	}
	return torchwood.ThresholdPolicy(len(parts), parts...), cosigners, nil
}

// cosignerOf reads a verifier key of either kind; torchwood v0.9 knows that of Ed25519.
func cosignerOf(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3) // base64 may hold a plus, the others may not
	if len(parts) != 3 {
		return nil, errors.New("it is not a name, a key id and a key")
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) == 0 {
		return nil, errors.New("it holds no key")
	}
	if key[0] != mldsaKind {
		return torchwood.NewCosignatureVerifier(vkey)
	}
	verifier, err := newMLDSA(parts[0], key[1:])
	if err == nil && parts[1] != fmt.Sprintf("%08x", verifier.id) {
		err = fmt.Errorf("its key id should be %08x", verifier.id)
	}
	return verifier, err
}

type offlineTask struct {
	demand
	Proofs []offlineProof `json:"proofs"`
}

// offlineProof is a proof that travels alone (C2SP tlog-proof), and the entry it is about.
type offlineProof struct {
	Proof []byte `json:"proof"`
	Entry []byte `json:"entry"`
}

type offlineVerdict struct {
	Extra   []byte `json:"extra"`
	Refused string `json:"refused,omitempty"`
}

func checkOffline(task offlineTask) ([]offlineVerdict, error) {
	policy, _, err := task.policy()
	if err != nil {
		return nil, err
	}
	var outcome error
	verdicts := make([]offlineVerdict, 0, len(task.Proofs))
	for _, given := range task.Proofs {
		verdict := offlineVerdict{}
		err := torchwood.VerifyProof(policy, tlog.RecordHash(given.Entry), given.Proof)
		if err != nil {
			verdict.Refused, outcome = err.Error(), errRefused
		} else if extra, err := torchwood.ProofExtraData(given.Proof); err == nil {
			verdict.Extra = extra
		}
		verdicts = append(verdicts, verdict)
	}
	return verdicts, outcome
}
