/** What is being made: the same fields, before it is handed out and nobody may change it any more. */
export type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };
