/** A ruler that only real events move; it drifts where nothing is known, and stands still where nothing goes on. */

import type { CSSProperties } from 'react';

export interface ProgressBarProps {
  /** Percent, or null when nothing real is known. */
  readonly progress: number | null;
  readonly label: string;
  readonly text: string;
  /** Whether nothing is being done yet. */
  readonly isIdle?: boolean;
  readonly isSmall?: boolean;
}

export function ProgressBar({ progress, label, text, isIdle = false, isSmall = false }: ProgressBarProps) {
  const whole = progress === null ? undefined : Math.floor(progress);
  const kind = [isSmall && 'mp-small', progress === null && !isIdle && 'mp-vague'].filter(Boolean).join(' ');
  return (
    <div className={`mp-gauge ${kind}`}>
      <div
        className="mp-ruler"
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={whole}
        aria-valuetext={text}
      >
        <div className="mp-track">
          <div style={{ '--mp-done': (progress ?? 0) / 100 } as CSSProperties} />
        </div>
      </div>
      <span className="mp-percent" aria-hidden="true">
        {whole !== undefined && (
          <>
            {whole}
            <small> %</small>
          </>
        )}
      </span>
    </div>
  );
}
