import type { ReactNode } from "react";
import { Icon, type IconName } from "./Icon";

interface Props {
  children?: ReactNode;
  icon?: IconName;
  /** Needed where there are no words. */
  label?: string;
  look?: "plain" | "main" | "quiet" | "danger";
  disabled?: boolean;
  pressed?: boolean;
  title?: string;
  onClick: () => void;
}

/** A button of at least 24 by 24 px that names itself. */
export function Button({
  children,
  icon,
  label,
  look = "plain",
  disabled = false,
  pressed,
  title,
  onClick,
}: Props) {
  return (
    <button
      type="button"
      className={`button button-${look}${children ? "" : " button-bare"}`}
      aria-label={label}
      aria-pressed={pressed}
      title={title ?? (children ? undefined : label)}
      disabled={disabled}
      onClick={onClick}
    >
      {icon && <Icon name={icon} size={16} />}
      {children}
    </button>
  );
}
