/** The form that asks for media, and what the service says about a request. */

import { GenerateForm, sentence } from '@project/ui';
import type { FormProblem, GenerateFormProps, Model } from '@project/ui';
import { useEffect, useState } from 'react';

import { useAnnouncer } from './Announcer.js';

export interface Models {
  readonly status: 'loading' | 'ready' | 'failed';
  readonly items: readonly Model[];
  readonly reason: string;
}

export interface ComposerProps {
  readonly models: Models;
  readonly token: string;
  readonly generate: GenerateFormProps['onGenerate'];
  readonly initial: GenerateFormProps['initial'];
}

export function Composer({ models, token, generate, initial }: ComposerProps) {
  const [problem, setProblem] = useState<FormProblem | null>(null);
  const [isSending, setIsSending] = useState(false);
  const { say } = useAnnouncer();
  useEffect(() => setProblem(null), [token]); // what was said of another token is no longer so
  if (models.status !== 'ready') return <Waiting models={models} />;

  const send: GenerateFormProps['onGenerate'] = async (kind, request) => {
    setProblem(null);
    setIsSending(true);
    try {
      await generate(kind, request);
      say('Sent.');
    } catch (error) {
      setProblem(problemOf(error));
    } finally {
      setIsSending(false);
    }
  };
  return <GenerateForm models={models.items} onGenerate={send} initial={initial} problem={problem} isDisabled={isSending} />;
}

function Waiting({ models }: { readonly models: Models }) {
  return (
    <p className="mp-form waiting soft" role="status" data-failed={models.status === 'failed' || undefined}>
      {models.status === 'failed' ? `The models could not be read. ${sentence(models.reason)} Trying again …` : 'Asking which models there are …'}
    </p>
  );
}

function problemOf(error: unknown): FormProblem {
  const message = sentence(error instanceof Error ? error.message : String(error));
  const errors = error instanceof Error && 'errors' in error ? (error.errors as FormProblem['errors']) : undefined;
  return { message, errors };
}
