/** Every command of the program, found in its sources by the build. */
declare module "virtual:keymap" {
  const keymap: readonly {
    id: string;
    title: string;
    group: string;
    screen: string;
    keys: readonly string[];
  }[];
  export default keymap;
}
